#include "caf_pool/config/text_check.hpp"

#include "fixture.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace caf_pool;
using namespace caf_pool::test;

namespace {

std::string repeated(std::string_view part, std::size_t n) {
  std::string str;
  for (std::size_t i = 0; i < n; ++i)
    str += part;
  return str;
}

std::string refused(std::string_view toml) {
  return problems_of(load_toml(toml));
}

} // namespace

// -- what the parser is not given ---------------------------------------------
//
// TOML parsers in use do not survive everything: some characters outside of
// quotes, and tables or arrays nested deeper than their stack. Whatever is
// above these limits is refused unread. The tests stay close to the limits,
// where every parser is safe.

TEST_CASE("characters that TOML does not have are refused with their place",
          "[F06]") {
  CHECK(refused("a = 1\nb = @")
        == "test.toml:2:5: this is no TOML: a character that is allowed only in "
           "quotes or comments");
  for (auto c : std::string_view{"!$%&()*/;<>?@\\^|~"})
    CHECK_THAT(refused(std::string{"a = "} + c),
               ContainsSubstring("only in quotes or comments"));
  CHECK_THAT(refused("\xc3\xa9 = 1"), ContainsSubstring("only in quotes"));
  for (char c = ' '; c < 0x7f; ++c) {
    CHECK_FALSE(detail::find_flaw(std::string{"a = '"} + c));
    CHECK_FALSE(detail::find_flaw(std::string{"# "} + c));
  }
}

TEST_CASE("sixteen tables or arrays inside each other are plenty", "[F06]") {
  struct shape {
    std::string begin;
    std::string part;
    std::string end;
  };
  // Each part is one more level; the begin is the first of them.
  for (auto& x : {shape{"a", ".a", " = 1"}, shape{"[a", ".a", "]"},
                  shape{"a", " . a", " = 1"}, shape{"\"a\"", ".\"a\"", " = 1"},
                  shape{"x = {a", ".a", " = 1}"}}) {
    CAPTURE(x.begin, x.part);
    CHECK_FALSE(detail::find_flaw(x.begin + repeated(x.part, 15) + x.end));
    CHECK_THAT(refused(x.begin + repeated(x.part, 16) + x.end),
               ContainsSubstring("a key with too many dots"));
  }
  for (auto& x : {shape{"x = [", "[", ""}, shape{"x = {a=", "{a=", ""}}) {
    CAPTURE(x.begin);
    CHECK_FALSE(detail::find_flaw(x.begin + repeated(x.part, 15)));
    CHECK_THAT(refused(x.begin + repeated(x.part, 16)),
               ContainsSubstring("too many arrays or tables"));
  }
  CHECK_FALSE(
    detail::find_flaw("a = " + repeated("[", 16) + repeated("]", 16)));
}

TEST_CASE("dots and brackets in quotes and comments are text") {
  auto dots = repeated(".", 100) + repeated("[", 100);
  for (auto& text :
       {"a = \"" + dots + "\"", "a = '" + dots + "'", "# " + dots,
        "a = \"\"\"\n" + dots + "\n\"\"\"", "a = '''\n" + dots + "\n'''",
        "a = \"\\\"" + dots + "\"", "a = \"\\\\\" # " + dots,
        "a = \"\"\"x\"\"" + dots + "\"\"\"",
        "a = \"\"\"x\"\"\"\"\"\nb = \"" + dots + "\"", "a = '\\' # " + dots})
    CHECK_FALSE(detail::find_flaw(text));
  // The quote ends before the dots.
  CHECK(detail::find_flaw("a = \"\\\\\" \n" + dots));
  CHECK(detail::find_flaw("a = \"\n" + dots));
}

TEST_CASE("a file above a mebibyte is refused", "[F06]") {
  auto text = "# " + std::string(detail::max_config_bytes, 'x');
  CHECK_THAT(refused(text), ContainsSubstring("larger than 1 MiB"));
  text.resize(detail::max_config_bytes);
  CHECK(load_toml(text));
  temp_folder folder;
  config_source source;
  source.location = folder.write("big.toml", text + "x");
  CHECK_THAT(problems_of(load(source, test_registry())),
             ContainsSubstring("is larger than 1048576 bytes"));
}

TEST_CASE("broken UTF-8 is refused with its place", "[F06]") {
  for (auto bytes : {"\xff", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                     "\xf4\x90\x80\x80", "\xf0\x80\x80\x80", "\x80", "\xe2\x82",
                     "\xf5\x80\x80\x80"})
    CHECK(refused("a = 1\n# \xc3\xa9" + std::string{bytes})
          == "test.toml:2:4: this is no TOML: no valid UTF-8");
}

TEST_CASE("text of all languages is fine in quotes and comments") {
  auto toml
    = "\xef\xbb\xbf# \xe2\x82\xac \xf0\x9f\x98\x80\n"
      "[node]\nname = \"caf\xc3\xa9 \xed\x9f\xbf \xf4\x8f\xbf\xbf\"\n";
  CHECK(must_load(load_toml(toml)).node.name
        == "caf\xc3\xa9 \xed\x9f\xbf \xf4\x8f\xbf\xbf");
}

TEST_CASE("control characters are refused", "[F06]") {
  using namespace std::string_view_literals;
  for (auto text : {"a = \"\0\""sv, "# \x01"sv, "a = \"\x7f\""sv, "\x1b[31m"sv})
    CHECK_THAT(refused(text), ContainsSubstring("a control character"));
  CHECK(load_toml("# a\r\n\t# b\r\n"));
}

TEST_CASE("no file makes more problems than a person reads") {
  CHECK(load_toml(repeated("[x]\n[[y]]\n", 1)).problems().size() == 2);
  std::string toml;
  for (int i = 0; i < 20'000; ++i)
    toml += "key_number_" + std::to_string(i) + " = 1\n";
  CHECK(load_toml(toml).problems().size() == 100);
  toml.clear();
  for (int i = 0; i < 20'000; ++i)
    toml += "[pools.p" + std::to_string(i) + "]\n";
  CHECK_THAT(refused(toml), ContainsSubstring("a node has at most 56 pools"));
}

TEST_CASE("errors of the parser do not repeat what may be a password",
          "[X02][F06]") {
  // Each time somebody forgot the quotes or one of them.
  auto secret = std::string{"tS3cr3t"};
  for (auto& line : {"password = " + secret, "password = tru" + secret,
                     "password = \"" + secret, "password = '" + secret,
                     "password = 12" + secret, "password = nan" + secret,
                     "password = 0x" + secret, "password = \"x\" " + secret,
                     "password = 2020-99-" + secret, secret, "[" + secret,
                     "password = \"" + secret + "\\q\""})
    CHECK_THAT(refused("[pools.main]\n" + line + "\n"),
               !ContainsSubstring("S3cr3t"));
  CHECK_THAT(refused("password = 123456789012345678901234567890"),
             !ContainsSubstring("1234567890"));
}

// -- files --------------------------------------------------------------------

TEST_CASE("a pipe in place of a file is refused without waiting for it") {
  temp_folder folder;
  auto path = folder.path() / "pipe.toml";
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  config_source source;
  source.location = path;
  CHECK_THAT(problems_of(load(source, test_registry())),
             ContainsSubstring("is no regular file"));
}

TEST_CASE("a file's name cannot forge lines of a log") {
  temp_folder folder;
  config_source source;
  source.location = folder.write("a\nERROR b.toml", "x = 1\n");
  CHECK(problems_of(load(source, test_registry()))
        == "a?ERROR b.toml:1:1: x: is no known key; known are node, remote, "
           "admin, log, defaults, pools");
}
