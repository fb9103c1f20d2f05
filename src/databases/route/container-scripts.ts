/** The first line of every script of ours: whoever does not see it knows that the container did not run it. */
export const begunMark = 'thaw: begun';

/** The last line, with the exit status of the program. The one a client reports may be another: see docs/decisions/0013. */
export const endedMark = 'thaw: ended ';

/**
 * What standard input holds after the variables: the input of the program, nothing, a file of so many bytes, or a folder as a
 * tar of so many bytes.
 */
export type ScriptInput = 'streamed' | 'none' | `file:${number}` | `folder:${number}`;

/**
 * Arguments: how many variables come first on standard input, what follows them, the program and its arguments. A file has
 * lost its name before its first byte comes, so nothing of it can stay behind; the program gets it as /dev/fd/4, which every
 * worker of it may open anew and seek in. A folder needs its names: it goes when the script ends, and with it the program.
 * head stands before tar, which would wait for the end of its input. Unless the program reads it, standard input then stays open as a lifeline: killing
 * the client on this side does not reach the program on that side, but the end of its input does.
 */
export const programScript = `
echo '${begunMark}' >&2
n=$1 input=$2
shift 2
while [ "$n" -gt 0 ]; do
  IFS= read -r line || exit 97
  export "$line"
  n=$((n - 1))
done
end() {
  echo "${endedMark}$1" >&2
  exit "$1"
}
if [ "$input" = streamed ]; then
  "$@"
  end "$?"
fi
exec 5<&0
size=\${input#*:}
case "$input" in
  file:*)
    umask 077
    f=$(mktemp "\${TMPDIR:-/tmp}/thaw.XXXXXX") || exit 98
    exec 3>"$f" 4<"$f"
    rm -f "$f"
    head -c "$size" >&3
    exec 3>&-
    [ "$(wc -c </dev/fd/4)" -eq "$size" ] || exit 96
    set -- "$@" /dev/fd/4 ;;
  folder:*)
    command -v tar >/dev/null 2>&1 || exit 94
    umask 077
    d=$(mktemp -d "\${TMPDIR:-/tmp}/thaw.XXXXXX") || exit 98
    trap 'rm -rf "$d"' EXIT
    trap 'exit 143' HUP INT TERM
    head -c "$size" | tar -xf - -C "$d" || exit 96
    set -- "$@" "$d" ;;
esac
"$@" 5<&- </dev/null &
p=$!
(cat <&5; kill "$p") >/dev/null 2>&1 &
w=$!
wait "$p"
s=$?
kill "$w" 2>/dev/null
end "$s"
`;

/** Exit statuses of that script when the program was never called. */
export const scriptExits: Readonly<Record<number, 'no tar' | 'file is short' | 'no temporary file'>> = {
  94: 'no tar',
  96: 'file is short',
  98: 'no temporary file',
};

/** Arguments: host and port; a host that is a folder is that of a unix socket. */
export const relayScript = `
echo '${begunMark}' >&2
has() { command -v "$1" >/dev/null 2>&1; }
case "$1" in
  /*)
    has perl && exec perl -MIO::Socket::UNIX -e "$(cat <<'PERL'
${perlRelay('IO::Socket::UNIX->new(Peer => "$ARGV[0]/.s.PGSQL.$ARGV[1]")')}
PERL
)" "$1" "$2"
    has socat && exec socat - "UNIX-CONNECT:$1/.s.PGSQL.$2"
    exit 94 ;;
esac
has bash && exec bash -c '
  exec 3<>"/dev/tcp/$0/$1" || exit 95
  exec 5<&0
  (cat <&5 >&3; kill $$) >/dev/null 2>&1 &
  exec cat <&3' "$1" "$2" 2>/dev/null
has perl && exec perl -MIO::Socket::INET -e "$(cat <<'PERL'
${perlRelay('IO::Socket::INET->new(PeerAddr => $ARGV[0], PeerPort => $ARGV[1])')}
PERL
)" "$1" "$2"
has socat && exec socat - "TCP:$1:$2"
has nc && exec nc "$1" "$2"
exit 94
`;

function perlRelay(open: string): string {
  return `
my $s = ${open} or exit 95;
$s->blocking(1);
my $r = "";
while (1) {
  my $v = "";
  vec($v, fileno(STDIN), 1) = 1; vec($v, fileno($s), 1) = 1;
  select($r = $v, undef, undef, undef);
  for my $pair ([\\*STDIN, $s], [$s, \\*STDOUT]) {
    my ($from, $to) = @$pair;
    next unless vec($r, fileno($from), 1);
    my $n = sysread($from, my $b, 65536);
    exit 0 unless $n;
    for (my $o = 0; $o < $n; ) { $o += syswrite($to, $b, $n - $o, $o) // exit 0 }
  }
}`;
}

/** Exit statuses of the relay that tell why there is no connection. */
export const relayExits: Readonly<Record<number, 'no relay' | 'no server'>> = {
  94: 'no relay',
  95: 'no server',
};
