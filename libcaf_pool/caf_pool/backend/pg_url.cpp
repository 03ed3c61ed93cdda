#include "caf_pool/backend/pg_url.hpp"

#include "caf_pool/backend/pg_options.hpp"
#include "caf_pool/core/nearest.hpp"
#include "caf_pool/core/setting_text.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace caf_pool {

namespace {

error bad(std::string why) {
  return {errc::invalid_argument,
          "cannot read the connection string: " + std::move(why)
            + "; write postgres://user@host:port/database?key=value or "
              "host=... dbname=... user=...",
          {}};
}

bool is_blank(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
}

std::optional<char> from_hex(char high, char low) {
  constexpr std::string_view digits = "0123456789abcdef";
  auto value = [&](char c) {
    return digits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a')
                                            : c);
  };
  if (value(high) == digits.npos || value(low) == digits.npos)
    return std::nullopt;
  return static_cast<char>(value(high) << 4 | value(low));
}

std::optional<std::string> decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto c = text[i];
    if (c == '%') {
      auto x = i + 2 < text.size() ? from_hex(text[i + 1], text[i + 2])
                                   : std::nullopt;
      if (!x)
        return std::nullopt;
      c = *x;
      i += 2;
    }
    if (c == '\0')
      return std::nullopt;
    result += c;
  }
  return result;
}

// Collects keys and values, whatever form they came in.
class builder {
public:
  builder() {
    result_.backend = "postgres";
    for (auto& option : pg_option_table())
      known_.push_back(option.key);
  }

  result<void> set(const std::string& key, std::string value) {
    if (key == "password")
      result_.password = secret{std::move(value)};
    else if (key == "dbname")
      result_.options["database"] = std::move(value);
    else if (key == "connect_timeout")
      return set_open_timeout(value);
    else if (key == "tcp_user_timeout" && all_digits(value))
      result_.options[key] = value + "ms";
    else if ((key == "keepalives_idle" || key == "keepalives_interval")
             && all_digits(value))
      result_.options[key] = value + 's';
    else if (std::find(known_.begin(), known_.end(), key) != known_.end())
      result_.options[key] = std::move(value);
    else
      return unknown(key);
    return {};
  }

  // Hosts of a list may share one port only.
  result<void> set_port(const std::string& port) {
    auto [i, fresh] = result_.options.emplace("port", port);
    if (!fresh && i->second != port)
      return bad("all hosts must have the same port");
    return {};
  }

  pool_config take() {
    return std::move(result_);
  }

private:
  // libpq takes whole seconds, and 0 for no limit.
  result<void> set_open_timeout(const std::string& value) {
    if (!all_digits(value) || value.size() > 6)
      return bad("connect_timeout must be a number of seconds");
    std::chrono::seconds limit{std::stol(value)};
    if (limit > limit.zero())
      result_.open_timeout = limit;
    return {};
  }

  error unknown(const std::string& key) const {
    std::vector<std::string_view> names{known_.begin(), known_.end()};
    for (auto* more : {"password", "dbname", "connect_timeout"})
      names.push_back(more);
    return bad("unknown key \"" + key.substr(0, 64) + '"'
               + hint_for(key, names));
  }

  pool_config result_;
  std::vector<std::string> known_;
};

// -- postgres://user:password@host:port,host/database?key=value ---------------

std::string_view cut(std::string_view& text, std::string_view marks) {
  auto end = std::min(text.find_first_of(marks), text.size());
  auto result = text.substr(0, end);
  text.remove_prefix(end);
  return result;
}

result<void> read_part(builder& out, const char* key, std::string_view text) {
  if (text.empty())
    return {};
  auto value = decode(text);
  if (!value)
    return bad(std::string{"the "} + key
               + " has a '%' that no two hexadecimal digits follow");
  return out.set(key, std::move(*value));
}

result<void> read_userinfo(builder& out, std::string_view text) {
  auto user = cut(text, ":");
  if (auto ok = read_part(out, "user", user); !ok)
    return ok;
  return read_part(out, "password", text.empty() ? text : text.substr(1));
}

result<void> read_hosts(builder& out, std::string_view text) {
  std::string hosts;
  while (!text.empty()) {
    auto item = cut(text, ",");
    if (!text.empty())
      text.remove_prefix(1);
    std::string_view host;
    if (item.starts_with('[')) {
      auto end = item.find(']');
      if (end == item.npos)
        return bad("an IPv6 address has no ']'");
      host = item.substr(1, end - 1);
      item.remove_prefix(end + 1);
    } else {
      host = cut(item, ":");
    }
    auto name = decode(host);
    if (!name)
      return bad("the host has a '%' that no two hexadecimal digits follow");
    if (!name->empty())
      hosts += (hosts.empty() ? "" : ",") + *name;
    if (item.size() > 1)
      if (auto ok = out.set_port(std::string{item.substr(1)}); !ok)
        return ok;
  }
  return hosts.empty() ? result<void>{} : out.set("host", std::move(hosts));
}

result<void> read_query(builder& out, std::string_view text) {
  while (!text.empty()) {
    auto item = cut(text, "&");
    if (!text.empty())
      text.remove_prefix(1);
    auto key = decode(cut(item, "="));
    auto value = decode(item.empty() ? item : item.substr(1));
    if (!key || !value || item.empty())
      return bad("what follows '?' must be key=value, with '&' between");
    if (auto ok = out.set(*key, std::move(*value)); !ok)
      return ok;
  }
  return {};
}

result<void> read_url(builder& out, std::string_view text) {
  // The last '@' before the path: passwords may hold more of them.
  auto authority = cut(text, "/?");
  if (auto at = authority.rfind('@'); at != authority.npos) {
    if (auto ok = read_userinfo(out, authority.substr(0, at)); !ok)
      return ok;
    authority.remove_prefix(at + 1);
  }
  if (auto ok = read_hosts(out, authority); !ok)
    return ok;
  if (text.starts_with('/')) {
    text.remove_prefix(1);
    if (auto ok = read_part(out, "dbname", cut(text, "?")); !ok)
      return ok;
  }
  return read_query(out, text.empty() ? text : text.substr(1));
}

// -- host=... dbname='...' ----------------------------------------------------

std::optional<std::string> read_value(std::string_view& text) {
  std::string result;
  auto quote = text.starts_with('\'');
  if (quote)
    text.remove_prefix(1);
  while (!text.empty()) {
    auto c = text.front();
    if (quote ? c == '\'' : is_blank(c))
      break;
    text.remove_prefix(1);
    if (c == '\\') {
      if (text.empty())
        return std::nullopt;
      c = text.front();
      text.remove_prefix(1);
    }
    result += c;
  }
  if (quote) {
    if (text.empty())
      return std::nullopt;
    text.remove_prefix(1);
  }
  return result;
}

void skip_blanks(std::string_view& text) {
  while (!text.empty() && is_blank(text.front()))
    text.remove_prefix(1);
}

result<void> read_pairs(builder& out, std::string_view text) {
  for (skip_blanks(text); !text.empty(); skip_blanks(text)) {
    std::string key{cut(text, "= \t\r\n")};
    skip_blanks(text);
    if (key.empty() || !text.starts_with('='))
      return bad("a key has no '=' behind it");
    text.remove_prefix(1);
    skip_blanks(text);
    auto value = read_value(text);
    if (!value)
      return bad("the value of \"" + key.substr(0, 64) + "\" does not end");
    if (auto ok = out.set(key, std::move(*value)); !ok)
      return ok;
  }
  return {};
}

} // namespace

result<pool_config> parse_postgres_url(std::string_view text) {
  builder out;
  if (text.find('\0') != text.npos)
    return bad("it has a zero byte");
  result<void> ok;
  if (text.starts_with("postgres://"))
    ok = read_url(out, text.substr(11));
  else if (text.starts_with("postgresql://"))
    ok = read_url(out, text.substr(13));
  else if (text.find("://") != text.npos && text.find('=') == text.npos)
    ok = bad("it begins with something else than postgres://");
  else
    ok = read_pairs(out, text);
  if (!ok)
    return ok.error();
  return out.take();
}

} // namespace caf_pool
