#include "rules.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace caf_pool::style {

namespace {

using names = std::vector<std::string_view>;

// What a folder may include: folders of ours, then libraries. "posix" stands
// for C headers of the system. What lies directly in caf_pool/ is for users: it
// is a "face" if it only includes what lies deeper, and "top" otherwise.
struct layer {
  std::string_view name;
  names below;
  names libraries;
};

// Each names only folders that stand above it here, so no circle can close.
const std::vector<layer>& layers() {
  static const std::vector<layer> table{
    {"core", {}, {}},
    {"settings", {"core"}, {}},
    {"machine/policy", {"core"}, {}},
    {"machine/queue", {"core", "machine/policy"}, {}},
    {"machine", {"core", "machine/policy", "machine/queue"}, {}},
    {"work", {"core", "machine/policy"}, {}},
    {"advice", {"core"}, {}},
    {"front", {"core"}, {}},
    {"net", {"core"}, {"posix"}},
    {"net/url", {"core"}, {"boost"}},
    {"calls", {"core"}, {"openssl"}},
    {"cache", {"core", "calls"}, {}},
    {"net/stream", {"core", "net"}, {"openssl", "posix"}},
    {"caf", {"core"}, {"caf"}},
    {"backend", {"core", "settings"}, {}},
    {"backend/testing", {"core", "settings", "backend"}, {}},
    {"backend/postgres",
     {"core", "settings", "net", "backend"},
     {"pqxx", "libpq", "openssl", "posix"}},
    {"backend/redis",
     {"core", "settings", "net", "net/stream", "net/url", "calls", "backend"},
     {"hiredis"}},
    {"backend/redis_cluster",
     {"core", "settings", "machine/policy", "backend", "backend/redis"},
     {}},
    {"backend/sqlite", {"core", "settings", "backend"}, {"sqlite", "posix"}},
    {"backends",
     {"backend", "backend/postgres", "backend/redis_cluster", "backend/sqlite"},
     {}},
    {"lease", {"core", "machine", "front", "backend"}, {}},
    {"protocol", {"core", "caf"}, {"caf"}},
    {"remote",
     {"core", "net", "calls", "caf", "protocol"},
     {"caf", "caf/io", "posix"}},
    {"actor",
     {"core", "settings", "machine", "work", "front", "caf", "backend",
      "lease"},
     {"caf"}},
    {"top", {"core", "front", "caf", "backend", "lease", "actor"}, {"caf"}},
    {"redis",
     {"core", "machine/policy", "front", "net", "calls", "caf", "backend",
      "backend/redis", "backend/redis_cluster", "lease", "actor", "top"},
     {}},
    {"config", {"core", "settings", "net", "backend"}, {"toml", "posix"}},
    {"admin", {"core", "advice", "actor"}, {"caf"}},
    {"admin/json", {"core", "settings", "admin"}, {"nlohmann"}},
    {"admin/metrics", {"core", "admin", "admin/json"}, {"prometheus"}},
    {"admin/http",
     {"core", "settings", "net", "admin", "admin/json", "admin/metrics"},
     {"boost", "nlohmann", "posix"}},
    {"log", {"core", "caf", "actor"}, {"caf", "nlohmann", "spdlog", "posix"}},
    {"gate",
     {"core", "settings", "net", "caf", "protocol", "remote", "actor", "log"},
     {"caf", "caf/io", "openssl", "posix"}},
    {"node",
     {"core", "net", "backend", "remote", "actor", "top", "config", "admin",
      "admin/json", "admin/http", "log", "gate"},
     {"caf", "nlohmann", "systemd", "posix"}},
    {"face",
     {"core", "backend", "backend/testing", "backend/postgres", "backend/redis",
      "backend/redis_cluster", "backend/sqlite", "redis", "cache", "lease",
      "remote", "actor", "config", "node"},
     {}},
    {"users", {"top", "face"}, {"caf", "caf/io", "pqxx", "sqlite", "posix"}},
  };
  return table;
}

const layer* find_layer(std::string_view name) {
  auto& all = layers();
  auto i = std::find_if(all.begin(), all.end(),
                        [&](auto& x) { return x.name == name; });
  return i == all.end() ? nullptr : &*i;
}

constexpr std::string_view library_root = "libcaf_pool/caf_pool/";

bool is_face(std::string_view path) {
  static constexpr std::array<std::string_view, 12> list{
    "actors.hpp", "backend.hpp",     "backend_testing.hpp", "config.hpp",
    "lease.hpp",  "node.hpp",        "remote.hpp",          "postgres.hpp",
    "redis.hpp",  "redis_cache.hpp", "sqlite.hpp",          "version.hpp"};
  return std::find(list.begin(), list.end(), path) != list.end();
}

// The layer of a header or source that lies below caf_pool/. The rules of the
// machine and its state are one.
std::string_view layer_of(std::string_view path) {
  auto slash = path.rfind('/');
  if (slash == path.npos)
    return is_face(path) ? "face" : "top";
  auto folder = path.substr(0, slash);
  return folder == "machine/rules" ? std::string_view{"machine"} : folder;
}

// What users read, or compile with their own.
bool is_for_users(const source_file& file) {
  return file.is_below("apps/examples/") || file.is_below("tests/install/")
         || file.is_below("tests/support/conformance");
}

std::string_view layer_of(const source_file& file) {
  if (file.is_below(library_root))
    return layer_of(std::string_view{file.path}.substr(library_root.size()));
  return is_for_users(file) ? "users" : "";
}

// The library of a system header; empty for the standard library's.
std::string_view library_of(std::string_view header) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 16>
    prefixes{{{"caf/io/", "caf/io"},
              {"caf/", "caf"},
              {"pqxx/", "pqxx"},
              {"libpq", "libpq"},
              {"postgres", "libpq"},
              {"hiredis/", "hiredis"},
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

std::string judge(std::string_view header, const layer& from) {
  if (header.starts_with("caf_pool/")) {
    header.remove_prefix(9);
    auto to = layer_of(header);
    if (to == from.name || contains(from.below, to))
      return {};
    return std::string{from.name} + " must not include " + std::string{to};
  }
  auto library = library_of(header);
  if (library.empty() || contains(from.libraries, library))
    return {};
  return std::string{from.name} + " must not use " + std::string{library};
}

bool is_catch_all(std::string_view header) {
  return header == "caf/all.hpp" || header == "caf/io/all.hpp";
}

} // namespace

void check_layers(problems& out) {
  names known;
  for (auto& x : layers()) {
    for (auto& y : x.below)
      if (!contains(known, y))
        out.push_back(
          {std::string{x.name}, 1,
           "names " + std::string{y} + ", which is not below it in the table"});
    known.push_back(x.name);
  }
}

void check_includes(const source_file& file, problems& out) {
  auto name = layer_of(file);
  if (name.empty())
    return;
  auto* from = find_layer(name);
  if (from == nullptr) {
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

void check_faces(const source_file& file, problems& out) {
  if (!file.is_header() || !file.is_below(library_root))
    return;
  auto name = std::string_view{file.path}.substr(library_root.size());
  if (name.find('/') != name.npos)
    return;
  auto only_includes
    = std::all_of(file.code.begin(), file.code.end(), [](auto& x) {
        return x.find_first_not_of(' ') == x.npos || x.starts_with('#');
      });
  if (only_includes && !is_face(name))
    out.push_back({file.path, 1, "only includes others: list it as a face"});
  else if (!only_includes && is_face(name))
    out.push_back({file.path, 1, "a face only includes others"});
}

void check_caf_all(const source_file& file, problems& out) {
  if (file.is_below("libcaf_pool/caf_pool/caf/caf_compat")
      || file.path == "libcaf_pool/caf_pool/caf/pch.hpp")
    return;
  for (size_t i = 0; i < file.code.size(); ++i)
    if (is_catch_all(included(file.code[i])))
      out.push_back({file.path, i + 1,
                     "include what is used: CAF's catch-all header is slow and "
                     "belongs into caf_compat.hpp and pch.hpp"});
}

} // namespace caf_pool::style
