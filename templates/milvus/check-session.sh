#!/usr/bin/env bash
# Finds out whether the process of Milvus in this container lost a session of its own in etcd. One that
# did may go on for ever as if it stood by, well by its own word, and never lead again (seen with 2.3.5).
# Swarm runs this every few seconds, and stops and starts anew what it found so several times in a row.
#
# It fails only where etcd itself, answering as a whole, has no more of a session that was seen here, and
# no more of its lease either. Whatever can't be had - an answer, a fork, room for a file - says nothing.
# So nothing but curl is forked, and every answer is read by the shell alone.
#
# It also ends a process whose etcd has another birth than the one with which the process was started
# (`await-birth.sh`), at once: what it knows is of other data, and who comes after it waits for a birth.

endpoints='{{ etcd_endpoints|join(" ") }}'
sessions='{{ cluster }}/meta/session/'
end_of_sessions='{{ cluster }}/meta/session0'
birth_key='{{ etcd_birth_key }}'
{% raw %}
# In memory, which a container may write to whoever it runs as, and which goes with it.
memory=/dev/shm/milvus-session
# What `await-birth.sh` wrote, if that started the process.
birth=/dev/shm/milvus-birth
# By when a stop that Swarm asked for is through with all that matters, once the session was given back;
# later a process that hangs in it is ended: it may have half an hour for it, and does nothing any more.
kill_after=60
# Before 2.3 a session tells no host's name, so it may be of who had this address before: until its lease
# has run out.
lease_ran_out=300
# All sessions of the cluster are read for so long after one of this container was new, as others may
# follow, and then only now and then: each process reads what all others wrote.
others_follow=60
now_and_then=300

LC_ALL=C
verdict=0
# Where it can't fork, bash ends with a status of its own.
trap 'exit "$verdict"' EXIT

# Rows of an answer, and what a session says.
value_is='"value":[[:space:]]*"([A-Za-z0-9+/=]*)"'
lease_is='"lease":[[:space:]]*"([0-9]+)"'
count_is='"count":[[:space:]]*"([0-9]+)"'
more_is='"more":[[:space:]]*true'
id_is='"ID":[[:space:]]*"([0-9]+)"'
no_time='"TTL":[[:space:]]*"-1"'
is_whole='\}[[:space:]]*$'
is_empty='^[[:space:]]*\{[[:space:]]*"header":[[:space:]]*\{[^{}]*\}[[:space:]]*\}[[:space:]]*$'
host_is='"HostName":"([^"]*)"'
role_is='"ServerName":"([a-z]+)"'
key_is='"key":[[:space:]]*"([A-Za-z0-9+/=]*)"'
done_is='"succeeded":[[:space:]]*true'

alphabet=ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/

# A text in base64, as `code`, if so many bytes stand before it: without the characters that hang on its
# neighbours too.
encode() {
  local before=$1 text=$2 at byte held=0 bits=0
  code=
  for ((at = -before; at < ${#text}; at++)); do
    byte=0
    if ((at >= 0)); then printf -v byte %d "'${text:at:1}"; fi
    ((held = (held << 8 | byte) & 0xffff, bits += 8))
    while ((bits >= 6)); do
      ((bits -= 6))
      code+=${alphabet:held >> bits & 63:1}
    done
  done
  code=${code:before + (before > 0)}
  ((rest = bits)) && last=${alphabet:held << 6 - bits & 63:1}
}

# All of a text in base64.
encode_whole() {
  encode 0 "$1"
  case $rest in
    4) code+=$last= ;;
    2) code+=$last== ;;
  esac
}

# What a text in base64 says, as `text`.
decode() {
  local code=$1 at char before held=0 bits=0 escaped=
  for ((at = 0; at < ${#code}; at++)); do
    char=${code:at:1}
    [[ $char == = ]] && break
    before=${alphabet%%"$char"*}
    ((held = (held << 6 | ${#before}) & 0xfff, bits += 6))
    if ((bits >= 8)); then
      ((bits -= 8))
      printf -v char '\\x%02x' "$((held >> bits & 255))"
      escaped+=$char
    fi
  done
  printf -v text %b "$escaped"
}

# Asks all members at once, since one that is gone costs its whole time: who answered is in `answered`.
ask() {
  local endpoint member=0 asked=()
  answered=()
  for endpoint in $endpoints; do
    curl -q -s -f --noproxy '*' --connect-timeout 2 -m 3 -o "$memory.$member" -d "$2" \
      "http://$endpoint$1" </dev/null >/dev/null 2>&1 &
    asked+=($!)
    ((member++))
  done
  for ((member = 0; member < ${#asked[@]}; member++)); do
    if wait "${asked[member]}"; then answered+=("$memory.$member"); fi
  done
}

# Addresses of this container, on whichever network.
find_addresses() {
  local first second third candidate=
  addresses=()
  while read -r first second third; do
    case $first in
      '|--') candidate=$second ;;
      /32)
        if [[ "$second $third" == 'host LOCAL' && $candidate != 127.* ]]; then
          addresses+=("$candidate")
        fi
        ;;
    esac
  done </proc/net/fib_trie
}

# How each address stands in a session in base64, which is read no further where none does.
find_marks() {
  local address before code rest last
  marks=()
  for address in "${addresses[@]}"; do
    for before in 0 1 2; do
      encode "$before" "\"Address\":\"$address:"
      marks+=("$code")
    done
  done
}

is_marked() {
  local mark
  for mark in "${marks[@]}"; do
    [[ $1 == *"$mark"* ]] && return 0
  done
  return 1
}

# Whether a session says that it is of this container.
is_own() {
  local address found=
  for address in "${addresses[@]}"; do
    [[ $1 == *"\"Address\":\"$address:"* ]] && found=1
  done
  [[ $found ]] || return 1
  if [[ $1 =~ $host_is ]]; then
    [[ ${BASH_REMATCH[1]} == "$hostname" ]]
  else
    ((now - first > lease_ran_out))
  fi
}

# Takes a row of an answer for what it is: fails where it is not whole.
read_row() {
  local value lease=0 text role
  [[ $1 =~ $value_is ]] || return 1
  value=${BASH_REMATCH[1]}
  if [[ $1 =~ $lease_is ]]; then lease=${BASH_REMATCH[1]}; fi
  [[ $lease == 0 ]] && return 0
  is_marked "$value" || return 0
  decode "$value"
  is_own "$text" || return 0
  if [[ $text == *'"Stopping":true'* ]]; then stopping=1; fi
  [[ $text =~ $role_is ]] || return 0
  role=${BASH_REMATCH[1]}
  has[$role]=$lease
  if [[ $1 =~ $key_is ]]; then key_of[$role]=${BASH_REMATCH[1]}; fi
  return 0
}

# Reads the sessions of this container into `has`: fails where the answer is not whole.
read_sessions() {
  local parts part rows=0 count=
  has=()
  mapfile -d '}' -t parts <"$1" || return 1
  for part in "${parts[@]}"; do
    # Of a transaction; a part of its answer that has no row counts none.
    if [[ $part =~ $done_is ]]; then : "${count:=0}"; fi
    if [[ $part == *'"key":'* ]]; then
      read_row "$part" || return 1
      ((rows++))
    elif [[ $part =~ $more_is ]]; then
      return 1
    elif [[ $part =~ $count_is ]]; then
      ((count += BASH_REMATCH[1]))
    fi
  done
  [[ $count == "$rows" ]]
}

# Whether etcd says that there is no such lease.
is_gone() {
  local file answer
  ask /v3/lease/timetolive "{\"ID\":\"$1\"}"
  for file in "${answered[@]}"; do
    IFS= read -r -d '' answer <"$file"
    if [[ $answer =~ $id_is && ${BASH_REMATCH[1]} == "$1" ]]; then
      [[ $answer =~ $no_time ]]
      return
    fi
  done
  return 1
}

# Ends whatever tini, the first process, started: that can't be ended from here itself.
end_process() {
  local status process name value
  for status in /proc/[0-9]*/status; do
    process=${status%/status}
    process=${process##*/}
    while read -r name value _; do
      [[ $name == PPid: ]] || continue
      if [[ $value == 1 ]]; then kill -KILL "$process"; fi
      break
    done <"$status"
  done 2>/dev/null
}

# Ends a process whose etcd says that it has another birth, or none any more.
compare_births() {
  local file answer known found
  [[ -r $birth ]] || return
  read -r known <"$birth"
  [[ $known ]] || return
  ask /v3/kv/range "{\"key\":\"$birth_key\"}"
  for file in "${answered[@]}"; do
    IFS= read -r -d '' answer <"$file"
    if [[ $answer =~ $is_empty ]]; then
      found=none
    elif [[ $answer =~ $is_whole && $answer =~ $value_is ]]; then
      found=${BASH_REMATCH[1]}
    else
      continue
    fi
    if [[ $found != "$known" ]]; then
      echo "etcd has data of another birth than the one that this process was started with"
      verdict=1
      end_process
      exit
    fi
    return
  done
}

# What earlier looks found. Half of it is nothing.
recall() {
  local word role lease key whole=
  first=$now lost_at= stopping= read_at= learned_at=
  had=() key_of=()
  if [[ -r $memory ]]; then
    while read -r word role lease key; do
      case $word in
        first) first=$role ;;
        lost) lost_at=$role ;;
        stopping) stopping=1 ;;
        read) read_at=$role learned_at=$lease ;;
        session) had[$role]=$lease key_of[$role]=$key ;;
        end) whole=1 ;;
      esac
    done <"$memory"
  fi
  if [[ ! $whole ]]; then
    first=$now lost_at= stopping= read_at= learned_at=
    had=() key_of=()
  fi
}

remember() {
  local role
  {
    echo "first $first"
    if [[ $lost_at ]]; then echo "lost $lost_at"; fi
    if [[ $stopping ]]; then echo stopping; fi
    if [[ $read_at ]]; then echo "read $read_at $learned_at"; fi
    for role in "${!had[@]}"; do echo "session $role ${had[$role]} ${key_of[$role]}"; done
    echo end
  } >"$memory"
}

# Asks for the sessions that were seen here by their own keys, all at once: fails where one is not there
# any more, or where it is time to look for others.
look_at_own() {
  local file role asked= whole=
  [[ $read_at ]] && ((now - read_at < now_and_then && now - learned_at >= others_follow)) || return
  for role in "${!had[@]}"; do
    [[ ${key_of[$role]} ]] || return
    asked+="${asked:+,}{\"requestRange\":{\"key\":\"${key_of[$role]}\"}}"
  done
  [[ $asked ]] || return
  ask /v3/kv/txn "{\"success\":[$asked]}"
  for file in "${answered[@]}"; do
    if read_sessions "$file"; then
      whole=1
      break
    fi
  done
  # What is not known says nothing.
  [[ $whole ]] || return 0
  for role in "${!had[@]}"; do
    [[ ${has[$role]} ]] || return
  done
  for role in "${!has[@]}"; do had[$role]=${has[$role]}; done
  lost_at=
}

look() {
  local file code rest last key whole= role lost=
  look_at_own && return
  encode_whole "$sessions"
  key=$code
  encode_whole "$end_of_sessions"
  ask /v3/kv/range "{\"key\":\"$key\",\"range_end\":\"$code\"}"
  for file in "${answered[@]}"; do
    if read_sessions "$file"; then
      whole=1
      break
    fi
  done
  [[ $whole ]] || return
  read_at=$now
  : "${learned_at:=$now}"
  for role in "${!has[@]}"; do
    if [[ ! ${had[$role]} ]]; then learned_at=$now; fi
    had[$role]=${has[$role]}
  done
  # A query node hands over for as long as it may, and its session is given back when it has.
  [[ $stopping ]] && return
  for role in "${!had[@]}"; do
    # A process may take a new lease for a session, and another one may delete a session whose lease lives
    # on (2.3: `ForceActiveStandby` in internal/util/sessionutil/session_util.go).
    if [[ ! ${has[$role]} ]] && is_gone "${had[$role]}"; then
      lost=1
      echo "etcd has no more of $role of this container, nor of its lease ${had[$role]}"
    fi
  done
  if [[ ! $lost ]]; then
    lost_at=
    return
  fi
  verdict=1
  : "${lost_at:=$now}"
  if ((now - lost_at >= kill_after)); then end_process; fi
}

declare -A had has key_of
read -r now _ </proc/uptime
now=${now%%.*}
read -r hostname </proc/sys/kernel/hostname
recall
[[ $stopping ]] && exit
compare_births
find_addresses
find_marks
look
remember
{% endraw %}
