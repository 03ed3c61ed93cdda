#!/bin/sh
# check.sh <compiler> <include folder> <folder of the sources>
#
# Compiles the sources with each of the expressions below, and fails if one
# compiles or if the compiler does not say the sentence beside it.

set -eu

compiler=$1
include=$2
folder=$3

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

failed=0

# accept <source>: what works must compile, or nothing below would be shown.
accept() {
  source=$folder/$1
  echo "-- $1"
  "$compiler" -std=c++20 -fsyntax-only -I "$include" "$source"
}

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

accept parameter.cpp
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

accept message_field.cpp
fit="a message carries integers, texts and actors"
refuse "float" "$fit"
refuse "double" "$fit"
refuse "std::vector<int>" "$fit"
refuse "std::u16string" "$fit"
refuse "std::chrono::seconds" "$fit"
refuse "char*" "$fit"

exit $failed
