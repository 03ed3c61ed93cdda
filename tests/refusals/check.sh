#!/bin/sh
# check.sh <compiler> <include folder> <source>
#
# Compiles the source with each of the expressions below, and fails if one
# compiles or if the compiler does not say the sentence beside it.

set -eu

compiler=$1
include=$2
source=$3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

failed=0

echo "-- what a parameter may be"
"$compiler" -std=c++20 -fsyntax-only -I "$include" "$source"

# refuse <expression> <words of the sentence>
refuse() {
  if "$compiler" -std=c++20 -fsyntax-only -I "$include" "-DREFUSED=$1" \
    "$source" 2>"$work/said"
  then
    echo "compiles, but must not: $1"
    failed=1
  elif ! grep -q -- "$2" "$work/said"; then
    echo "does not compile, but the compiler does not say \"$2\": $1"
    cat "$work/said"
    failed=1
  else
    echo "refused: $1"
  fi
}

echo "-- what it may not be"
letter="a character is a number or a text"
refuse "'a'" "$letter"
refuse "L'a'" "$letter"
refuse "u8'a'" "$letter"
refuse "u'a'" "$letter"
refuse "U'a'" "$letter"
refuse "1.5L" "SQL has no long double"
refuse "color::red" "an enumerator has no SQL value"
refuse "green" "an enumerator has no SQL value"
refuse "std::byte{1}" "an enumerator has no SQL value"
refuse "&number" "a pointer has no SQL value"
refuse "static_cast<void*>(&number)" "a pointer has no SQL value"
refuse "std::chrono::seconds{1}" "a duration has no unit in SQL"
refuse "std::chrono::duration<double>{1}" "a duration has no unit in SQL"
other="this type has no SQL value"
refuse "std::vector<int>{1}" "$other"
refuse "std::chrono::system_clock::now()" "$other"
refuse "point{}" "$other"
refuse "std::optional<point>{}" "$other"
refuse "std::optional<long double>{}" "$other"
refuse "std::optional<char>{}" "$other"
refuse "(std::map<int, int>{})" "$other"
refuse "std::u16string{}" "$other"

exit $failed
