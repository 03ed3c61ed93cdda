#include "caf_pool/backend/postgres/pg_url.hpp"

#include "caf_pool/backend/postgres/pg_options.hpp"
#include "caf_pool/core/ascii.hpp"
#include "caf_pool/settings/nearest.hpp"
#include "caf_pool/settings/setting_text.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
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

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return c >= '0' && c <= '9';
  });
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

  // What looks like a key may be a piece of a password with a blank in it.
  error unknown(const std::string& key) const {
    std::vector<std::string_view> names{known_.begin(), known_.end()};
    for (auto* more : {"password", "dbname", "connect_timeout"})
      names.push_back(more);
    return bad(
      "it has a key that is not known (not shown, because it may be a "
      "piece of a password)"
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

using libpq_options
  = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>;

// libpq's own reader. Why it refuses a text is not asked: it quotes it.
libpq_options read_by_libpq(const std::string& url) {
  return {PQconninfoParse(url.c_str(), nullptr), PQconninfoFree};
}

std::string value_of(const libpq_options& options, std::string_view key) {
  for (auto* x = options.get(); x != nullptr && x->keyword != nullptr; ++x)
    if (key == x->keyword && x->val != nullptr)
      return x->val;
  return {};
}

// What libpq reads in one way and people mean in another, with the way out.
result<void> check_marks(std::string_view authority, std::string_view rest) {
  if (rest.find('@') != rest.npos)
    return bad(
      "there is an '@' behind the first '/' or '?'. In a user's name "
      "or password write %2F for /, %3F for ?, %23 for # and %40 for "
      "@; in a database's name or an option %40 for @");
  if (std::count(authority.begin(), authority.end(), '@') > 1)
    return bad("it has several '@'; in a user's name or password write %40");
  auto path = rest.substr(0, rest.find('?'));
  if (std::count(path.begin(), path.end(), '/') > 1)
    return bad(
      "there is more than one '/' behind the host; in a database's "
      "name write %2F, and the directory of a unix socket as host "
      "begins with %2F, too");
  return {};
}

result<void> check_characters(std::string_view text) {
  for (auto c : text) {
    if (is_blank(c) || is_control(c))
      return bad(
        "there is a blank or a control character; write %20 for a "
        "blank, %0A for a line feed");
    if (c == '#')
      return bad("there is a '#', which has no meaning; write %23");
  }
  return {};
}

// One port for all hosts, as digits: what is no number may be a password whose
// '@' is missing.
result<void> read_ports(builder& out, std::string_view ports) {
  std::optional<std::string> port;
  for (;;) {
    auto item = cut(ports, ",");
    if (!item.empty() && (!all_digits(item) || item.size() > 5))
      return bad(
        "the port is not a number (not shown, because it may be a "
        "piece of a password: write user:password@host, and in the "
        "password %40 for @, %2F for /)");
    if (port.value_or(std::string{item}) != item)
      return bad("all hosts must have the same port");
    port = item;
    if (ports.empty())
      break;
    ports.remove_prefix(1);
  }
  return port->empty() ? result<void>{} : out.set("port", *port);
}

result<void> check_hosts(std::string_view hosts) {
  if (!hosts.empty()
      && (hosts.front() == ',' || hosts.back() == ','
          || hosts.find(",,") != hosts.npos || hosts.find(",:") != hosts.npos))
    return bad("the list of hosts has an empty entry");
  if (hosts.ends_with(':') || hosts.find(":,") != hosts.npos)
    return bad("a host has a ':' without a port behind it");
  return {};
}

result<void> read_location(builder& out, std::string_view authority,
                           const std::string& url) {
  auto hosts = authority.substr(authority.rfind('@') + 1);
  if (auto ok = check_hosts(hosts); !ok)
    return ok;
  auto found = read_by_libpq(url);
  if (!found)
    return bad(
      "user, password, host or database have a '%' without two "
      "hexadecimal digits behind it, or an IPv6 address lacks a "
      "bracket; write %25 for %");
  for (auto* key : {"user", "password", "dbname", "host"})
    if (auto value = value_of(found, key); !value.empty())
      if (auto ok = out.set(key, std::move(value)); !ok)
        return ok;
  return read_ports(out, value_of(found, "port"));
}

result<void> read_query(builder& out, std::string_view text) {
  while (!text.empty()) {
    auto item = cut(text, "&");
    if (!text.empty())
      text.remove_prefix(1);
    std::string key{cut(item, "=")};
    if (key.empty() || item.empty())
      return bad("what follows '?' must be key=value, with '&' between");
    // libpq does not know all of our keys, but how to read what they hold.
    auto found
      = read_by_libpq("postgres://?application_name" + std::string{item});
    if (!found)
      return bad(
        "an option behind '?' has a '%' without two hexadecimal "
        "digits behind it, or a second '='; write %25 for %, %3D for "
        "=");
    if (auto ok = out.set(key, value_of(found, "application_name")); !ok)
      return ok;
  }
  return {};
}

result<void> read_url(builder& out, std::string_view text) {
  auto location = text.substr(0, text.find('?'));
  auto query = text.substr(location.size());
  auto rest = text;
  auto authority = cut(rest, "/?");
  if (auto ok = check_characters(text); !ok)
    return ok;
  if (auto ok = check_marks(authority, rest); !ok)
    return ok;
  if (auto ok
      = read_location(out, authority, "postgres://" + std::string{location});
      !ok)
    return ok;
  return read_query(out, query.empty() ? query : query.substr(1));
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
      return bad("a value has no closing quote, or ends with a backslash");
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
