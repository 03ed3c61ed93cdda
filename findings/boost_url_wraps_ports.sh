#!/usr/bin/env bash
# Boost.URL takes a port that is too large for another one.
#
# One would guess, and the documentation says, that port_number() returns zero
# for a port that does not fit into 16 bits. Many that do not fit wrap around
# instead: somebody who mistypes 99999 connects to whatever listens at 34463, and
# no error tells.
#
# Version: libboost-url1.81-dev 1.81.0 (Debian 12).
# Seen:    redis://h:65535 -> 65535, redis://h:70000 -> 0,
#          redis://h:99999 -> 34463, redis://h:100000 -> 34464
# Source:  Boost 1.81, boost/url/rfc/detail/impl/port_rule.ipp and
#          boost/url/authority_view.hpp, where port_number() is described.
#
# For a program: read the digits of port() by std::from_chars, which says when a
# number does not fit.

# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

version=1.81.0-5+deb12u1
fetch "libboost-url1.81-dev=$version" "libboost-url1.81.0=$version" \
  "libboost1.81-dev=$version"

cat >"$tmp/ask.cpp" <<'END'
#include <boost/url/parse.hpp>
#include <iostream>

int main(int, char** arguments) {
  auto url = boost::urls::parse_uri(arguments[1]);
  if (url)
    std::cout << url->port_number() << '\n';
  else
    std::cout << "refused\n";
}
END
c++ -std=c++17 -I "$root/usr/include" "$tmp/ask.cpp" -o "$tmp/ask" \
  "$root/usr/lib/$(uname -m)-linux-gnu/libboost_url.a"

expect "65535" 65535 "$("$tmp/ask" redis://h:65535)"
expect "70000" 0 "$("$tmp/ask" redis://h:70000)"
expect "99999" 34463 "$("$tmp/ask" redis://h:99999)"
expect "100000" 34464 "$("$tmp/ask" redis://h:100000)"
