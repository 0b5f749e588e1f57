# Answers every DNS query of the lab's hosts at once: there is no such name.
# An engine that gets no answer leaves its containers waiting for seconds, e.g.
# for the name of a service that is not published yet. perl-base is on every Debian.
use strict;
use Socket;

socket(my $socket, PF_INET, SOCK_DGRAM, 0) or die "socket: $!";
bind($socket, sockaddr_in(53, inet_aton($ARGV[0]))) or die "bind: $!";
while (1) {
    my $from = recv($socket, my $query, 1500, 0);
    next unless defined $from and length($query) > 16;
    my ($id, $flags) = unpack("nn", $query);
    my $end = 12;
    while ($end < length($query) and my $label = ord(substr($query, $end, 1))) { $end += $label + 1 }
    my $question = substr($query, 12, $end + 5 - 12);
    # An authoritative answer, name error; the rest as it was asked.
    send($socket, pack("nnnnnn", $id, 0x8483 | ($flags & 0x0100), 1, 0, 0, 0) . $question, 0, $from);
}
