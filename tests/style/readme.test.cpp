#include "support/catch_compat.hpp"

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& file) {
  std::ifstream in{file};
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Returns the C++ snippets of a document.
std::vector<std::string> snippets(const std::string& text) {
  const std::string open = "```cpp\n";
  const std::string close = "```";
  std::vector<std::string> result;
  for (auto begin = text.find(open); begin != std::string::npos;
       begin = text.find(open, begin)) {
    begin += open.size();
    auto end = text.find(close, begin);
    result.push_back(text.substr(begin, end - begin));
  }
  return result;
}

/// Returns whether an example contains the snippet.
bool is_compiled(const std::string& snippet, const fs::path& examples) {
  for (auto& entry : fs::directory_iterator{examples})
    if (read(entry.path()).find(snippet) != std::string::npos)
      return true;
  return false;
}

} // namespace

TEST_CASE("every snippet of the README is part of an example") {
  auto root = fs::path{CAF_POOL_SOURCE_DIR};
  auto found = snippets(read(root / "README.md"));
  REQUIRE(found.size() >= 4);
  for (auto& snippet : found) {
    CAPTURE(snippet);
    CHECK(is_compiled(snippet, root / "apps/examples"));
  }
  CHECK(!is_compiled("no such line\n", root / "apps/examples"));
}

TEST_CASE("every file that the README names exists") {
  auto root = fs::path{CAF_POOL_SOURCE_DIR};
  auto text = read(root / "README.md");
  std::size_t links = 0;
  for (auto begin = text.find("]("); begin != std::string::npos;
       begin = text.find("](", begin)) {
    begin += 2;
    auto target = text.substr(begin, text.find(')', begin) - begin);
    if (target.rfind("http", 0) == 0)
      continue;
    ++links;
    CAPTURE(target);
    CHECK(fs::exists(root / target));
  }
  CHECK(links >= 4);
}
