//! What the services of a random file refer to.

use std::fmt::Write as _;

use crate::random::Generator;

impl Generator {
    /// Each name that a service may use is there, made here or external.
    pub(super) fn objects(&mut self, out: &mut String) {
        let labels = self.pairs();
        let (attachable, internal) = (self.boolean(), self.boolean());
        let n2 = self.pick(&[
            "",
            "{}",
            "{driver: overlay, driver_opts: {encrypted: \"\"}}",
            "{name: Named, ipam: {config: [{subnet: 10.77.0.0/24}]}}",
            "{ipam: {driver: default}}",
        ]);
        // Swarm has its own labels of what is external: docker ignores these.
        let external = self.pick(&["external: true", "external: true, labels: {k: v}"]);
        writeln!(
            out,
            "networks:\n  n1: {{attachable: {attachable}, internal: {internal}, labels: {labels}}}\n  \
             n2: {n2}\n  ext: {{{external}, name: outside}}"
        )
        .unwrap();
        let driver = self.pick(&["{}", "{driver: local}", "{driver_opts: {o: bind, k: 1}}"]);
        writeln!(
            out,
            "volumes:\n  v1: {{name: \"v-{{{{.Node.Hostname}}}}\"}}\n  v2: {driver}\n  \
             vext: {{external: true}}"
        )
        .unwrap();
        let template = self.pick(&["", ", template_driver: golang"]);
        let labels = self.pairs();
        writeln!(
            out,
            "configs:\n  c1: {{file: a.conf{template}, labels: {labels}}}\n  \
             c2: {{file: ./b.tmpl, name: c2-0a1b2c}}\n  cext: {{{external}, name: there}}\n\
             secrets:\n  s1: {{file: pass.txt, labels: {labels}}}\n  sext: {{{external}}}"
        )
        .unwrap();
    }
}
