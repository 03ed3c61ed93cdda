#include "rules.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <regex>
#include <string_view>

namespace caf_pool::style {

namespace {

// Folders that are told the time and the randomness.
bool is_pure(const source_file& file) {
  static constexpr std::array<std::string_view, 5> folders{
    "core/", "settings/", "machine/", "work/", "advice/"};
  constexpr std::string_view root = "libcaf_pool/caf_pool/";
  return file.is_below(root)
         && std::any_of(folders.begin(), folders.end(), [&](auto& x) {
              return std::string_view{file.path}
                .substr(root.size())
                .starts_with(x);
            });
}

// Adds a problem for every line of code that matches.
void ban(const source_file& file, const std::regex& pattern,
         const std::string& text, problems& out) {
  for (size_t i = 0; i < file.code.size(); ++i)
    if (std::regex_search(file.code[i], pattern))
      out.push_back({file.path, i + 1, text});
}

bool is_compat(const source_file& file) {
  return file.is_below("libcaf_pool/caf_pool/caf/caf_compat")
         || file.is_below("libcaf_pool/caf_pool/backend/postgres/pg_compat")
         || file.is_below("tests/support/catch_compat");
}

// -- tags ---------------------------------------------------------------------

// Empty if the tag is fine. Only what looks like the number of a row or like an
// instruction to Catch2 is judged; other tags are free.
std::string judge_tag(const std::string& tag) {
  static const std::regex hides{R"(\..*|!(hide|mayfail|shouldfail).*)"};
  static const std::regex numbered{R"((trap[-_]?)?[A-Za-z]\d+)"};
  static const std::regex row{R"(trap-T[1-9]\d?|[A-FJ-LRSTVXZ]\d\d)"};
  if (std::regex_match(tag, hides))
    return "[" + tag + "] takes a test out of the count";
  if (std::regex_match(tag, numbered) && !std::regex_match(tag, row))
    return "[" + tag + "] is neither a trap like [trap-T7] nor a row like "
           "[C04]";
  return {};
}

bool opens_test(std::string_view line) {
  return line.find("TEST_CASE") != line.npos
         || line.find("SCENARIO(") != line.npos
         || line.find("SECTION(") != line.npos;
}

// The line with what follows it up to the opening brace: the tags of a test
// often stand on the next line.
std::string test_header(const source_file& file, size_t first) {
  std::string result;
  for (auto i = first; i < std::min(first + 4, file.lines.size()); ++i) {
    result += file.lines[i];
    if (file.code[i].find('{') != std::string::npos)
      break;
  }
  return result;
}

} // namespace

void check_clocks(const source_file& file, problems& out) {
  static const std::regex clock{
    R"(::now\s*\(|clock_gettime|gettimeofday|\btime\s*\(\s*(nullptr|NULL|0))"};
  static const std::regex dice{
    R"(\brandom_device\b|\bstd::s?rand\b|default_random_engine)"};
  if (!is_pure(file))
    return;
  ban(file, clock, "time is an argument here, nothing reads a clock", out);
  ban(file, dice, "randomness comes from a seed here", out);
}

void check_versions(const source_file& file, problems& out) {
  static const std::regex version{
    R"(^\s*#.*\b(CAF_VERSION|CAF_MAJOR_VERSION|PQXX_VERSION|CATCH_VERSION))"};
  static const std::regex probe{
    R"(^\s*#.*__has_include\s*\(\s*[<"](caf|pqxx|catch2)/)"};
  if (is_compat(file))
    return;
  ban(file, version, "versions are told apart in the compat headers only", out);
  ban(file, probe, "versions are told apart in the compat headers only", out);
}

void check_headers(const source_file& file, problems& out) {
  static const std::regex opened{R"(\busing\s+namespace\b)"};
  if (!file.is_header())
    return;
  auto first = std::find_if(file.code.begin(), file.code.end(), [](auto& x) {
    return x.find_first_not_of(' ') != std::string::npos;
  });
  if (first == file.code.end() || !first->starts_with("#pragma once"))
    out.push_back({file.path, 1, "a header begins with #pragma once"});
  for (size_t i = 0; i < file.code.size(); ++i) {
    // Inside a function or a namespace called detail it harms nobody.
    if (std::regex_search(file.code[i], opened)
        && file.code[i].find("literals") == std::string::npos)
      out.push_back({file.path, i + 1, "no using namespace in a header"});
  }
}

void check_switches(const source_file& file, problems& out) {
  static const std::regex pattern{R"(\bdefault\s*:)"};
  if (file.is_below("libcaf_pool/caf_pool/machine/")
      || file.is_below("libcaf_pool/caf_pool/work/"))
    ban(file, pattern, "a switch names every case, so that a new one is seen",
        out);
}

const std::vector<sleeper>& sleepers() {
  static const std::vector<sleeper> list{
    {"tests/support/eventually.hpp",
     "asks again and again until a condition holds or its deadline has passed"},
    {"tests/actor/postgres_overload.test.cpp",
     "makes load that arrives by the clock, whatever becomes of it"},
    {"tests/system/programs/stuck_node.cpp",
     "is a backend that never comes back"},
  };
  return list;
}

void check_sleeps(const source_file& file, problems& out) {
  static const std::regex pattern{
    R"(\bsleep_for\b|\bsleep_until\b|\b(u|nano)?sleep\s*\()"};
  auto allowed = std::any_of(sleepers().begin(), sleepers().end(),
                             [&](auto& x) { return x.path == file.path; });
  if (file.is_below("tests/") && !allowed)
    ban(file, pattern, "wait for a condition with a deadline, not for time",
        out);
}

void check_tags(const source_file& file, problems& out) {
  static const std::regex tag{R"(\[([^\[\]]+)\])"};
  if (!file.is_below("tests/"))
    return;
  for (size_t i = 0; i < file.code.size(); ++i) {
    if (!opens_test(file.code[i]))
      continue;
    auto header = test_header(file, i);
    for (std::sregex_iterator m{header.begin(), header.end(), tag}, end;
         m != end; ++m)
      if (auto text = judge_tag((*m)[1].str()); !text.empty())
        out.push_back({file.path, i + 1, text});
  }
}

} // namespace caf_pool::style
