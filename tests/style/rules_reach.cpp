#include "rules.hpp"

#include <map>
#include <utility>

namespace caf_pool::style {

namespace {

constexpr std::string_view include_folder = "libcaf_pool/";

using names = std::set<std::string>;

// What each header of ours includes of ours.
std::map<std::string, names> arrows(const std::vector<source_file>& tree) {
  std::map<std::string, names> result;
  for (auto& file : tree) {
    if (!file.is_header() || !file.is_below(include_folder))
      continue;
    auto& to = result[file.path.substr(include_folder.size())];
    for (auto& line : file.code)
      if (auto name = included(line); name.starts_with("caf_pool/"))
        to.emplace(name);
  }
  return result;
}

names reach(const std::map<std::string, names>& from, const std::string& name) {
  names found;
  std::vector<std::string> open{name};
  while (!open.empty()) {
    auto i = from.find(std::exchange(open.back(), {}));
    open.pop_back();
    if (i == from.end())
      continue;
    for (auto& next : i->second)
      if (found.insert(next).second)
        open.push_back(next);
  }
  return found;
}

} // namespace

std::string_view included(std::string_view line) {
  auto hash = line.find_first_not_of(' ');
  if (hash == line.npos || line[hash] != '#')
    return {};
  auto word = line.find_first_not_of(' ', hash + 1);
  if (word == line.npos || !line.substr(word).starts_with("include"))
    return {};
  auto open = line.find_first_of("<\"", word);
  if (open == line.npos)
    return {};
  auto close = line.find_first_of(">\"", open + 1);
  return line.substr(open + 1, close - open - 1);
}

std::set<std::string> pulled_in(const std::vector<source_file>& tree,
                                const std::string& name) {
  return reach(arrows(tree), name);
}

void check_circles(const std::vector<source_file>& tree, problems& out) {
  auto all = arrows(tree);
  for (auto& [name, to] : all)
    if (reach(all, name).contains(name))
      out.push_back(
        {std::string{include_folder} + name, 1, "includes itself on a detour"});
}

} // namespace caf_pool::style
