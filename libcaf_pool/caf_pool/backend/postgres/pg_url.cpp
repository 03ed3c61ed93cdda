#include "caf_pool/backend/postgres/pg_url.hpp"

#include "caf_pool/backend/postgres/pg_options.hpp"
#include "caf_pool/core/ascii.hpp"
#include "caf_pool/settings/nearest.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
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

error bad_url(std::string why) {
  return bad(std::move(why)
             + "; in a name, a password or an option write %2F for /, %3F for "
               "?, %23 for #, %40 for @, %25 for %, %3D for =, %26 for &, "
               "%20 for a blank");
}

std::string_view cut(std::string_view& text, std::string_view marks) {
  auto result = text.substr(0, text.find_first_of(marks));
  text.remove_prefix(result.size());
  return result;
}

// -- keys ---------------------------------------------------------------------

// libpq's numbers have no units, ours have.
std::string_view unit_of(std::string_view key) {
  if (key == "tcp_user_timeout")
    return "ms";
  return key == "keepalives_idle" || key == "keepalives_interval" ? "s" : "";
}

// libpq takes whole seconds, and 0 for no limit.
result<void> set_open_timeout(pool_config& out, const std::string& value) {
  if (!all_digits(value) || value.size() > 6)
    return bad("connect_timeout must be a number of seconds");
  if (auto limit = std::chrono::seconds{std::stol(value)}; limit.count() > 0)
    out.open_timeout = limit;
  return {};
}

// libpq takes a port for each host, and an empty one for its default. What is
// no number may be a password whose '@' is missing.
result<void> set_port(pool_config& out, std::string_view ports) {
  auto port = cut(ports, ",");
  if (!port.empty() && (!all_digits(port) || port.size() > 5))
    return bad_url(
      "the port is not a number (not shown, because it may be a "
      "piece of a password: write user:password@host)");
  while (!ports.empty()) {
    ports.remove_prefix(1);
    if (cut(ports, ",") != port)
      return bad("all hosts must have the same port");
  }
  if (!port.empty())
    out.options["port"] = port;
  return {};
}

result<void> set(pool_config& out, std::string_view key, std::string value) {
  auto table = pg_option_table();
  std::vector<std::string_view> known{"password", "dbname", "connect_timeout"};
  for (auto& option : table)
    known.push_back(option.key);
  if (std::find(known.begin(), known.end(), key) == known.end())
    return bad(
      "it has a key that is not known (not shown, because it may be a "
      "piece of a password)"
      + hint_for(key, known));
  if (key == "connect_timeout")
    return set_open_timeout(out, value);
  if (key == "port")
    return set_port(out, value);
  if (all_digits(value))
    value += unit_of(key);
  if (key == "password")
    out.password = secret{std::move(value)};
  else
    out.options[key == "dbname" ? "database" : std::string{key}] = value;
  return {};
}

// -- postgres://user:password@host:port,host/database?key=value ---------------

// Returns what libpq reads in a text. Its message is dropped: it quotes.
std::optional<std::map<std::string, std::string>> read_by_libpq(
  const std::string& text) {
  std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> found{
    PQconninfoParse(text.c_str(), nullptr), PQconninfoFree};
  if (!found)
    return std::nullopt;
  std::map<std::string, std::string> result;
  for (auto* x = found.get(); x->keyword != nullptr; ++x)
    if (x->val != nullptr)
      result.emplace(x->keyword, x->val);
  return result;
}

// Finds what libpq takes although its writer must have meant something else.
std::string flaw_of_url(std::string_view text) {
  if (std::any_of(text.begin(), text.end(), [](char c) {
        return is_blank(c) || is_control(c) || c == '#';
      }))
    return "there is a '#', a blank or a control character";
  auto authority = cut(text, "/?");
  if (text.find('@') != text.npos)
    return "there is an '@' behind the first '/' or '?'";
  if (std::count(authority.begin(), authority.end(), '@') > 1)
    return "it has several '@'";
  auto path = cut(text, "?");
  if (std::count(path.begin(), path.end(), '/') > 1)
    return "there is more than one '/' behind the host";
  auto hosts = authority.substr(authority.rfind('@') + 1);
  auto list = ',' + std::string{hosts} + ',';
  auto holds = [&](const char* x) { return list.find(x) != list.npos; };
  if (!hosts.empty()
      && (holds(",,") || holds(":,") || hosts.find(",:") != hosts.npos))
    return "one of the hosts or its port is empty";
  return {};
}

result<void> read_url(pool_config& out, std::string_view text) {
  if (auto flaw = flaw_of_url(text); !flaw.empty())
    return bad_url(std::move(flaw));
  auto found = read_by_libpq("postgres://" + std::string{cut(text, "?")});
  if (!found)
    return bad_url(
      "there is a '%' without two hexadecimal digits behind it, or an IPv6 "
      "address lacks a bracket");
  for (auto& [key, value] : *found)
    if (auto ok = set(out, key, value); !ok)
      return ok;
  while (text.size() > 1) {
    text.remove_prefix(1);
    auto item = cut(text, "&");
    auto key = cut(item, "=");
    // libpq refuses keys of ours, hence reads each value under one of its own.
    found = read_by_libpq("postgres://?application_name" + std::string{item});
    if (!found)
      return bad_url(
        "what follows '?' must be key=value, with '&' between and two "
        "hexadecimal digits behind each '%'");
    if (auto ok = set(out, key, (*found)["application_name"]); !ok)
      return ok;
  }
  return {};
}

// -- host=... dbname='...' ----------------------------------------------------

// Cuts off a value; none if its quote or its last escape is not complete. Not
// left to libpq, which refuses keys of ours: where a pair ends has to be known.
std::optional<std::string> cut_value(std::string_view& text) {
  std::size_t quotes = text.starts_with('\'') ? 1 : 0;
  auto ends = [&](char c) { return quotes > 0 ? c == '\'' : is_blank(c); };
  std::string result;
  auto i = quotes;
  for (; i < text.size() && !ends(text[i]); ++i) {
    if (text[i] == '\\' && ++i == text.size())
      return std::nullopt;
    result += text[i];
  }
  if (i + quotes > text.size())
    return std::nullopt;
  text.remove_prefix(i + quotes);
  return result;
}

result<void> read_pairs(pool_config& out, std::string_view text) {
  constexpr std::string_view blanks = " \t\n\v\f\r";
  auto skip_blanks = [&] {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
  };
  for (skip_blanks(); !text.empty(); skip_blanks()) {
    auto key = cut(text, "= \t\n\v\f\r");
    skip_blanks();
    if (key.empty() || !text.starts_with('='))
      return bad("a key has no '=' behind it");
    text.remove_prefix(1);
    skip_blanks();
    auto value = cut_value(text);
    if (!value)
      return bad("a value has no closing quote, or ends with a backslash");
    if (auto ok = set(out, key, *std::move(value)); !ok)
      return ok;
  }
  return {};
}

} // namespace

result<pool_config> parse_postgres_url(std::string_view text) {
  pool_config config;
  config.backend = "postgres";
  result<void> ok;
  if (text.find('\0') != text.npos)
    ok = bad("it has a zero byte");
  else if (text.starts_with("postgres://"))
    ok = read_url(config, text.substr(11));
  else if (text.starts_with("postgresql://"))
    ok = read_url(config, text.substr(13));
  else if (text.find("://") != text.npos && text.find('=') == text.npos)
    ok = bad("it begins with something else than postgres://");
  else
    ok = read_pairs(config, text);
  if (!ok)
    return ok.error();
  return config;
}

} // namespace caf_pool
