#include "caf_pool/config/reference.hpp"

#include "caf_pool/config/aliases.hpp"
#include "caf_pool/config/kind_defaults.hpp"
#include "caf_pool/config/toml_text.hpp"
#include "caf_pool/core/node_config.hpp"
#include "caf_pool/core/pool_config.hpp"
#include "caf_pool/settings/settings.hpp"

#include <string_view>

namespace caf_pool {

namespace {

using namespace detail;

constexpr std::string_view head
  = R"(# Every setting of caf_pool with its default. The files beside this one are
# profiles: they hold only what they change, and win over this file.
#
# Later ones win: this file, the profile, environment variables
# (CAF_POOL__POOLS__MAIN__MAX_SIZE is pools.main.max_size), and key=value on the
# command line.
#
# Durations are a number and a unit in quotes (ns, us, ms, s, min, h or d), or a
# bare number of seconds. Those of a backend's own table need the unit.
)";

constexpr std::string_view defaults_head = R"(
# What every pool starts from. A pool's own table, [pools.<name>], may have any
# of these keys, and wins. A file, variable or command line with max_size but
# without max_overflow has no overflow. Some backends have other defaults; they
# are shown with the backend, and hold unless [defaults] changes the key.
)";

constexpr std::string_view pools_head = R"(
# -- pools ---------------------------------------------------------------------

# A pool is a table with a name of your choice. There is none in this file. It
# may have any key of [defaults], and these:
#
# [pools.main]
#
# # What the pool connects to.
# backend = "sqlite"
#
# # Where the password is, in a file of one's own (mode 600) ...
# password_file = "/etc/caf_pool/main.password"
#
# # ... or by the name of a credential, which is looked for in
# # $CREDENTIALS_DIRECTORY and /run/secrets. CAF_POOL__POOLS__MAIN__PASSWORD is
# # the third way. A password in a file of settings is refused in production.
# credential = "main_password"
#
# # Size in other words: max_size is the sum of both.
# pool_size = 10
# max_overflow = 20
)";

constexpr std::string_view aliases_head = R"(
# -- other spellings -----------------------------------------------------------

# Names that other pools use for the same settings.
#
)";

// Writes one setting after the other, and the heads of their tables.
class writer {
public:
  writer(std::string& out, std::string root) : out_(out), root_(root) {
    // nop
  }

  template <class T>
  void operator()(const setting<T>& what, const T& value) {
    auto dot = what.key.rfind('.');
    auto table = root_;
    if (dot != what.key.npos)
      table
        += (root_.empty() ? "" : ".") + std::string{what.key.substr(0, dot)};
    if (table != table_)
      out_ += (table == root_ ? "[" : "\n[") + table + "]\n";
    table_ = table;
    auto sentence = std::string{what.doc};
    if (needs_range(what))
      sentence += " (" + range_text(what) + ")";
    out_ += '\n' + comment(sentence);
    out_ += std::string{what.key.substr(dot + 1)} + " = " + toml_value(value)
            + '\n';
  }

private:
  template <class T>
  static bool needs_range(const setting<T>& what) {
    return !std::is_same_v<T, bool> && !range_text(what).empty();
  }

  std::string& out_;
  std::string root_;
  std::string table_;
};

// Numbers and switches read better without quotes, and may be written so.
std::string option_value(const std::string& text) {
  auto is_number = !text.empty() && text.size() < 10
                   && text.find_first_not_of("0123456789") == text.npos
                   && (text == "0" || text.front() != '0');
  if (is_number || text == "true" || text == "false")
    return text;
  return quote_toml(text);
}

void add_backend(std::string& out, const backend_info& x) {
  auto own = changed_defaults(x);
  if (!own.empty())
    out += "#\n# # Defaults of a pool whose backend is " + x.name + ":\n";
  for (auto& [key, value] : own)
    out += "# # " + std::string{key} + " = " + quote_toml(value) + '\n';
  out += "#\n# [pools.main." + x.name + "]\n";
  for (auto& option : x.options) {
    // A comment inside of a comment, one level deeper.
    out += "#\n" + comment(option.doc, "# #");
    out += "# " + option.key + " = " + option_value(option.fallback) + '\n';
  }
}

void add_spellings(std::string& out, const backend_info& x) {
  for (auto& option : x.options)
    for (auto& spelling : option.spellings) {
      auto str = "# " + spelling;
      str.resize(30, ' ');
      out += str + x.name + '.' + option.key + '\n';
    }
}

void add_alias(std::string& out, const alias& x) {
  auto str = "# " + std::string{x.spelling};
  str.resize(30, ' ');
  str += std::string{x.key};
  if (x.form == alias_form::lifo_switch)
    str += ": true is lifo, false fifo";
  else if (x.form == alias_form::reset_switch)
    str += ": true is automatic, false none";
  out += str + '\n';
}

} // namespace

pool_config base_profile_defaults() {
  pool_config x;
  x.max_size = 30;
  x.max_overflow = 20;
  return x;
}

std::string render_reference(const backend_registry& registry) {
  std::string out{head};
  node_config node;
  for_each_node_setting(node, writer{out, {}});
  out += defaults_head;
  auto pool = base_profile_defaults();
  for_each_setting(pool, writer{out, "defaults"});
  out += pools_head;
  for (auto& name : registry.names())
    add_backend(out, *registry.find(name));
  out += aliases_head;
  for (auto& x : aliases())
    add_alias(out, x);
  add_alias(out, {metrics_interval_spelling, "admin.metrics_interval"});
  for (auto& name : registry.names())
    add_spellings(out, *registry.find(name));
  return out;
}

} // namespace caf_pool
