# Runs in a container and asks what it is told to ask.
#   request on standard input:             ID KIND SECONDS LENGTH LENGTH, a line, then both A and B
#   answer, one line on standard output:   ID BASE64 CODE COMPLAINT
# Answers come in the order in which they are found. Payloads are base64, `-` is none, and $1
# bytes of an answer are read. What is asked never becomes part of this script.
export LC_ALL=C
limit=$1
for tool in base64 cat curl head timeout; do
    command -v "$tool" >/dev/null || { echo "lacks $tool"; exit 1; }
done

# A pipe with one byte in it is a lock.
exec {lock}<> <(:)
printf x >&"$lock"

decoded() {
    [ "$1" = - ] || printf %s "$1" | base64 -d
}

http() {
    decoded "$3" | curl -q -sS -i -g --http1.1 --proto =http,https --noproxy '*' --path-as-is \
        -K <(decoded "$2")
}

tcp() {
    decoded "$3" | timeout -k 1 "$1" bash -c '
        exec 3<>"/dev/tcp/${0%:*}/${0##*:}" || exit
        cat <&3 &
        cat >&3
        wait "$!"' "$2"
}

file() {
    timeout -k 1 "$1" head -c "$limit" -- "$(decoded "$2")"
}

found() {
    local complaint code
    complaint=$({ "$@" | head -c "$limit" | base64 -w 0 >&3; exit "${PIPESTATUS[0]}"; } 2>&1)
    code=$?
    printf ' %s %s' "$code" "${complaint//[$'\r\n']/ }"
}

answer() {
    local answer
    answer=$(found "${@:2}" 3>&1)
    read -r -n 1 -u "$lock"
    printf '%s %s\n' "$1" "$answer"
    printf x >&"$lock"
}

echo ready
while read -r -t 900 id kind seconds first second &&
    read -r -N "$first" a && read -r -N "$second" b; do
    case $kind in
        http | tcp | file) answer "$id" "$kind" "$seconds" "$a" "$b" </dev/null & ;;
        *) printf '%s  2 what is %s\n' "$id" "$kind" ;;
    esac
done
