#include "rules.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace caf_pool::style {

namespace {

using names = std::vector<std::string_view>;

// What a layer may include: layers of ours, then libraries. "posix" stands for
// C headers of the system, "top" for the headers directly in caf_pool/.
struct layer {
  std::string_view name;
  names below;
  names libraries;
};

const std::vector<layer>& layers() {
  static const std::vector<layer> table{
    {"core", {}, {}},
    {"machine", {"core"}, {}},
    {"front", {"core"}, {}},
    {"backend", {"core"}, {"pqxx", "libpq", "sqlite", "openssl", "posix"}},
    {"protocol", {"core"}, {"caf"}},
    {"remote", {"core", "protocol"}, {"caf", "caf/io", "posix"}},
    {"lease", {"core", "machine", "front", "backend"}, {}},
    {"actor",
     {"core", "machine", "front", "backend", "lease", "protocol"},
     {"caf"}},
    {"top",
     {"core", "machine", "front", "backend", "lease", "protocol", "actor"},
     {"caf"}},
    {"config",
     {"core", "machine", "front", "backend", "lease", "protocol", "actor",
      "top"},
     {"toml", "posix"}},
    {"admin",
     {"core", "machine", "front", "backend", "lease", "protocol", "actor",
      "top", "config"},
     {"caf", "boost", "prometheus", "nlohmann", "posix"}},
    {"node",
     {"core", "machine", "front", "backend", "lease", "protocol", "actor",
      "top", "config", "admin", "remote"},
     {"caf", "caf/io", "nlohmann", "openssl", "spdlog", "systemd", "posix"}},
    {"examples",
     {"core", "backend", "lease", "protocol", "actor", "top", "config",
      "remote"},
     {"caf", "caf/io", "pqxx", "sqlite", "posix"}},
  };
  return table;
}

constexpr std::string_view library_root = "libcaf_pool/caf_pool/";

// The layer of a header or source that lies below caf_pool/.
std::string_view layer_of(std::string_view path) {
  auto slash = path.find('/');
  return slash == path.npos ? std::string_view{"top"} : path.substr(0, slash);
}

std::string_view layer_of(const source_file& file) {
  std::string_view path = file.path;
  if (path.starts_with(library_root))
    return layer_of(path.substr(library_root.size()));
  return path.starts_with("apps/examples/") ? "examples" : "";
}

// The library of a system header; empty for the standard library's.
std::string_view library_of(std::string_view header) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 15>
    prefixes{{{"caf/io/", "caf/io"},
              {"caf/", "caf"},
              {"pqxx/", "pqxx"},
              {"libpq", "libpq"},
              {"postgres", "libpq"},
              {"sqlite3", "sqlite"},
              {"toml++/", "toml"},
              {"boost/", "boost"},
              {"prometheus/", "prometheus"},
              {"nlohmann/", "nlohmann"},
              {"spdlog/", "spdlog"},
              {"fmt/", "spdlog"},
              {"openssl/", "openssl"},
              {"systemd/", "systemd"},
              {"CLI/", "CLI11"}}};
  for (auto& [prefix, library] : prefixes)
    if (header.starts_with(prefix))
      return library;
  return header.find_first_of("./") == header.npos ? "" : "posix";
}

bool contains(const names& xs, std::string_view x) {
  return std::find(xs.begin(), xs.end(), x) != xs.end();
}

// The compat header bridges CAF's versions for every layer that knows CAF.
bool is_shared_compat(std::string_view header, const layer& from) {
  return header == "caf/caf_compat.hpp" && contains(from.libraries, "caf");
}

std::string judge(std::string_view header, const layer& from) {
  if (header.starts_with("caf_pool/")) {
    header.remove_prefix(9);
    auto to = layer_of(header);
    if (to == from.name || contains(from.below, to)
        || is_shared_compat(header, from))
      return {};
    return std::string{from.name} + " must not include " + std::string{to};
  }
  auto library = library_of(header);
  if (library.empty() || contains(from.libraries, library))
    return {};
  return std::string{from.name} + " must not use " + std::string{library};
}

// The header's name in a line like `#  include "caf_pool/core/time.hpp"`.
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

bool is_catch_all(std::string_view header) {
  return header == "caf/all.hpp" || header == "caf/io/all.hpp";
}

} // namespace

void check_includes(const source_file& file, problems& out) {
  auto name = layer_of(file);
  if (name.empty())
    return;
  auto& all = layers();
  auto from = std::find_if(all.begin(), all.end(),
                           [&](auto& x) { return x.name == name; });
  if (from == all.end()) {
    out.push_back({file.path, 1, "a folder that the layers do not know"});
    return;
  }
  for (size_t i = 0; i < file.code.size(); ++i) {
    auto header = included(file.code[i]);
    if (header.empty())
      continue;
    if (auto text = judge(header, *from); !text.empty())
      out.push_back({file.path, i + 1, text});
  }
}

void check_caf_all(const source_file& file, problems& out) {
  if (file.path.starts_with("libcaf_pool/caf_pool/actor/caf_compat")
      || file.path == "libcaf_pool/caf_pool/caf/pch.hpp")
    return;
  for (size_t i = 0; i < file.code.size(); ++i)
    if (is_catch_all(included(file.code[i])))
      out.push_back({file.path, i + 1,
                     "include what is used: CAF's catch-all header is slow and "
                     "belongs into caf_compat.hpp and pch.hpp"});
}

} // namespace caf_pool::style
