//! Random texts, lists and mappings in YAML's flow style.

/// Numbers without a crate: splitmix64.
pub struct Generator {
    state: u64,
    /// The docker version that a stack file is for: keys of newer ones are left out.
    pub major: u32,
}

const TEXTS: [&str; 14] = [
    "plain",
    "two words",
    "",
    "a=b=c",
    "with \\\"quotes\\\" and 'single'",
    "back\\\\slash",
    "$$dollar $${x}",
    "${SET}",
    "${UNSET:-fall back}",
    "ünïcödé ☃",
    "{{.Task.Slot}}",
    "tab\\tand\\nline",
    "<&>",
    "0440",
];
impl Generator {
    pub fn new(seed: u64) -> Self {
        Self {
            state: seed,
            major: 0,
        }
    }

    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }

    /// Some of them, in a random order.
    pub fn some<'a>(&mut self, from: &[&'a str]) -> Vec<&'a str> {
        let mut left = from.to_vec();
        let mut picked = Vec::new();
        for _ in 0..self.below(from.len() as u64 + 1) {
            let at = usize::try_from(self.below(left.len() as u64)).unwrap();
            picked.push(left.remove(at));
        }
        picked
    }

    pub fn text(&mut self) -> String {
        format!("\"{}\"", self.pick(&TEXTS))
    }

    pub fn texts(&mut self) -> String {
        let count = self.below(4);
        let items: Vec<String> = (0..count).map(|_| self.text()).collect();
        format!("[{}]", items.join(", "))
    }

    /// A mapping, or a list of `K=V`.
    pub fn pairs(&mut self) -> String {
        let keys = self.some(&["A", "a.b", "B_2", "SET", "UNSET", "z/z"]);
        let list = self.chance(30);
        let items: Vec<String> = keys
            .iter()
            .map(|key| match (list, self.below(6)) {
                (true, 0) => format!("\"{key}\""),
                (true, n) => format!("\"{key}=v {n}\""),
                (false, 0) => format!("\"{key}\": {}", self.pick(&["", "null", "~"])),
                (false, 1) => format!("\"{key}\": {}", self.below(100_000)),
                (false, 2) => format!("\"{key}\": {}.{}0", self.below(2_000_000), self.below(10)),
                (false, _) => format!("\"{key}\": {}", self.text()),
            })
            .collect();
        let items = items.join(", ");
        if list {
            format!("[{items}]")
        } else {
            format!("{{{items}}}")
        }
    }

    pub fn boolean(&mut self) -> String {
        self.pick(&["true", "false"]).to_owned()
    }
}
