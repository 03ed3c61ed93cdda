#pragma once

// The only place that knows which major version of Catch2 is installed. Every
// test includes this header instead of Catch2's own and writes against the
// names of version 3.

#if __has_include(<catch2/catch_all.hpp>)

#  include <catch2/catch_all.hpp>

using Catch::Approx;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

#else

#  include <catch2/catch.hpp>

#  include <string>

// Version 2 has Approx in the global namespace already.

inline auto ContainsSubstring(const std::string& text,
                              Catch::CaseSensitive::Choice sensitivity
                              = Catch::CaseSensitive::Yes) {
  return Catch::Matchers::Contains(text, sensitivity);
}

using Catch::Matchers::EndsWith;
using Catch::Matchers::StartsWith;

#  define SKIP(message)                                                        \
    do {                                                                       \
      WARN("skipped: " << message);                                            \
      return;                                                                  \
    } while (false)

#endif
