#include "caf_pool/config/toml_reader.hpp"

#include "caf_pool/config/text_check.hpp"

#include <toml++/toml.h>

#include <algorithm>

// The header-only form ends the program where it meets a surprise: its
// assertions are off only in the library that distributions compile.
static_assert(!TOML_HEADER_ONLY, "link toml++'s library: TOML_HEADER_ONLY=0");

namespace caf_pool::detail {

namespace {

// Errors of the parser quote the text that they met, which may be a password
// without quotes. Only what it expected is kept.
std::string without_quotations(std::string_view text) {
  for (std::string_view stop : {", saw ", ": '"})
    if (auto i = text.find(stop); i != text.npos)
      text = text.substr(0, i);
  return std::string{text};
}

bool is_bare_key(std::string_view key) {
  return !key.empty() && key.size() <= 64
         && std::all_of(key.begin(), key.end(), [](char c) {
              return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
                     || (c >= '0' && c <= '9') || c == '-' || c == '_';
            });
}

class reader {
public:
  reader(const std::string& name, layer& out,
         std::vector<config_problem>& problems)
    : name_(name), out_(out), problems_(problems) {
    // nop
  }

  void read_table(const toml::table& what, const std::string& prefix) {
    for (auto&& [key, node] : what) {
      auto from = place(key.source().begin);
      if (!is_bare_key(key.str())) {
        if (problems_.size() >= max_problems)
          return;
        problems_.push_back(
          {prefix + '"' + std::string{key.str().substr(0, 64)} + '"',
           {},
           "is no key: keys have 1 to 64 letters, digits, '-' and '_'",
           place_of(from)});
        continue;
      }
      read_node(node, prefix + std::string{key.str()}, std::move(from));
    }
  }

private:
  void read_node(const toml::node& node, std::string key, origin from) {
    if (auto* table = node.as_table()) {
      raw_value value;
      value.form = value_form::table;
      out_.add({key, std::move(value), from, from});
      read_table(*table, key + '.');
      return;
    }
    out_.add({std::move(key), read_value(node), place(node.source().begin),
              std::move(from)});
  }

  static raw_value read_value(const toml::node& node) {
    raw_value x;
    if (auto* flag = node.as_boolean()) {
      x.form = value_form::boolean;
      x.flag = flag->get();
      x.text = to_setting_text(x.flag);
    } else if (auto* integer = node.as_integer()) {
      x.form = value_form::integer;
      x.integer = integer->get();
      x.text = std::to_string(x.integer);
    } else if (auto* real = node.as_floating_point()) {
      x.form = value_form::real;
      x.real = real->get();
      x.text = to_setting_text(x.real);
    } else if (auto* text = node.as_string()) {
      return make_text(text->get());
    }
    return x;
  }

  origin place(const toml::source_position& x) const {
    return {name_, static_cast<std::uint32_t>(x.line),
            static_cast<std::uint32_t>(x.column)};
  }

  const std::string& name_;
  layer& out_;
  std::vector<config_problem>& problems_;
};

} // namespace

bool read_toml(std::string_view text, const std::string& name, layer& out,
               std::vector<config_problem>& problems) {
  if (auto flaw = find_flaw(text)) {
    problems.push_back({{},
                        {},
                        "this is no TOML: " + flaw->message,
                        place_of({name, flaw->line, flaw->column})});
    return false;
  }
  try {
    auto document = toml::parse(text, std::string_view{name});
    reader{name, out, problems}.read_table(document, {});
    return true;
  } catch (const toml::parse_error& what) {
    auto& where = what.source().begin;
    problems.push_back(
      {{},
       {},
       "this is no TOML: " + without_quotations(what.description()),
       place_of({name, static_cast<std::uint32_t>(where.line),
                 static_cast<std::uint32_t>(where.column)})});
    return false;
  }
}

} // namespace caf_pool::detail
