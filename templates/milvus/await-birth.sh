#!/usr/bin/env bash
# Starts a process of Milvus once etcd has a birth, which `milvus-swarm up` puts there after root's
# password. An etcd whose volumes were emptied has none: a coordinator would make up the password that
# everybody knows there, and a proxy would take it.
#
# An etcd that says nothing is waited for as well. What the birth is is remembered for the check that ends a
# process whose etcd has another one.

endpoints='{{ etcd_endpoints|join(" ") }}'
key='{{ etcd_birth_key }}'
{% raw %}
# In memory, which a container may write to whoever it runs as, and which goes with it.
memory=/dev/shm/milvus-birth

value_is='"value":[[:space:]]*"([A-Za-z0-9+/=]+)"'
# A whole answer ends so, and one that has nothing is no more than this.
is_whole='\}[[:space:]]*$'
is_empty='^[[:space:]]*\{[[:space:]]*"header":[[:space:]]*\{[^{}]*\}[[:space:]]*\}[[:space:]]*$'

# Asks all members at once, since one that is gone costs its whole time, and takes the first whole answer,
# which most of them agree to: sets `birth`, or `says` to that there is none.
ask() {
  local endpoint members=0 left member answer file
  birth= says='no member of etcd answers'
  rm -f "$memory".*
  for endpoint in $endpoints; do
    {
      curl -q -s -f --noproxy '*' --connect-timeout 2 -m 3 -o "$memory.$members.part" \
        -d "{\"key\":\"$key\"}" "http://$endpoint/v3/kv/range" </dev/null >/dev/null 2>&1 &&
        mv "$memory.$members.part" "$memory.$members"
    } &
    ((++members))
  done
  for ((left = members; left > 0; left--)); do
    wait -n
    for ((member = 0; member < members; member++)); do
      file=$memory.$member
      [[ -r $file ]] || continue
      IFS= read -r -d '' answer <"$file"
      if [[ $answer =~ $is_whole && $answer =~ $value_is ]]; then
        birth=${BASH_REMATCH[1]}
        return
      fi
      if [[ $answer =~ $is_empty ]]; then
        says='etcd has no birth: its data was emptied, or `milvus-swarm up` has not been there yet'
        return
      fi
    done
  done
}

# Else it would be waited for an answer that can't come.
if ! command -v curl >/dev/null; then
  echo 'this image has no curl, with which etcd is asked for its birth: Milvus is not started' >&2
  exit 1
fi
if ! : >"$memory.room"; then
  echo "no file can be written at $memory, where the birth of etcd is kept: Milvus is not started" >&2
  exit 1
fi

told=
while :; do
  ask
  # Who is slow is not waited for, nor left to the process that comes.
  kill $(jobs -p) 2>/dev/null
  wait
  if [[ $birth ]]; then
    rm -f "$memory".*
    echo "$birth" >"$memory"
    exec "$@"
  fi
  if [[ $says != "$told" ]]; then
    echo "$says; it is waited for" >&2
    told=$says
  fi
  sleep 1
done
{% endraw %}
