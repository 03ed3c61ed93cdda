#include "caf_pool/settings/validate.hpp"

#include "caf_pool/core/ascii.hpp"
#include "caf_pool/settings/setting_text.hpp"
#include "caf_pool/settings/settings.hpp"

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <set>

namespace caf_pool {

namespace {

constexpr auto zero = duration::zero();

// -- one value at a time ------------------------------------------------------

// Collects the problems of one group of settings.
class checker {
public:
  checker(std::string prefix, std::vector<config_problem>& problems)
    : prefix_(std::move(prefix)), problems_(problems) {
    // nop
  }

  void operator()(const setting<bool>&, bool) {
    // nop
  }

  void operator()(const setting<std::string>& x, const std::string& value) {
    auto known = std::find(x.allowed.begin(), x.allowed.end(), value);
    if (!x.allowed.empty() && known == x.allowed.end())
      add(x.key, value, "must be " + range_text(x));
  }

  template <setting_enum T>
  void operator()(const setting<T>& x, const T& value) {
    if (static_cast<std::size_t>(value) >= names_of(value).size())
      add(x.key, to_setting_text(value), "must be " + range_text(x));
  }

  template <class T>
  void operator()(const setting<T>& x, const T& value) {
    // Spelled such that NaN is out of range.
    if (!(value >= x.min && value <= x.max))
      add(x.key, to_setting_text(value), "must be from " + range_text(x));
  }

  void add(std::string_view key, std::string value, std::string message) {
    problems_.push_back(
      {prefix_ + std::string{key}, std::move(value), std::move(message), {}});
  }

  // Adds a problem of two keys if `wrong`, unless one of them is out of range
  // anyway: then the other is not to blame.
  template <class T>
  void contradiction(bool wrong, std::string_view key, const T& value,
                     std::string_view other, std::string message) {
    if (!wrong || has_problem(key) || has_problem(other))
      return;
    add(key, to_setting_text(value), std::move(message));
    problems_.back().related = prefix_ + std::string{other};
  }

private:
  bool has_problem(std::string_view key) const {
    return std::any_of(problems_.begin(), problems_.end(), [&](auto& x) {
      return x.related.empty() && x.key == prefix_ + std::string{key};
    });
  }

  std::string prefix_;
  std::vector<config_problem>& problems_;
};

// -- values that contradict each other ----------------------------------------

template <class T>
std::string than(std::string_view word, std::string_view key, const T& value,
                 std::string_view advice) {
  std::string str = "is ";
  str += word;
  str += ' ';
  str += key;
  str += " (" + to_setting_text(value) + "); ";
  str += advice;
  return str;
}

void check_sizes(const pool_config& x, checker& out) {
  out.contradiction(x.min_size > x.max_size, "min_size", x.min_size, "max_size",
                    than("larger than", "max_size", x.max_size,
                         "raise max_size or lower min_size"));
  out.contradiction(x.max_overflow >= x.max_size, "max_overflow",
                    x.max_overflow, "max_size",
                    than("not smaller than", "max_size", x.max_size,
                         "max_overflow counts as part of max_size: raise "
                         "max_size, or write pool_size and max_overflow, which "
                         "are added up"));
}

void check_health(const pool_config& x, checker& out) {
  out.contradiction(
    x.health_check_interval != zero
      && x.health_check_timeout > x.health_check_interval,
    "health_check_timeout", x.health_check_timeout, "health_check_interval",
    than("longer than", "health_check_interval", x.health_check_interval,
         "a probe must end before the next one is due"));
  out.contradiction(
    x.validate_on_acquire && x.max_lifetime != zero
      && x.validation_bypass >= x.max_lifetime,
    "validation_bypass", x.validation_bypass, "max_lifetime",
    than("not shorter than", "max_lifetime", x.max_lifetime,
         "no connection would ever be validated: shorten it, or set "
         "validate_on_acquire = false"));
  out.contradiction(x.shed_target >= x.shed_interval, "shed_target",
                    x.shed_target, "shed_interval",
                    than("not shorter than", "shed_interval", x.shed_interval,
                         "CoDel compares waiting times with the target over a "
                         "longer interval"));
}

void check_leaks(const pool_config& x, checker& out) {
  out.contradiction(
    x.leak_threshold != zero && x.max_lifetime != zero
      && x.leak_threshold >= x.max_lifetime,
    "leak_threshold", x.leak_threshold, "max_lifetime",
    than("not shorter than", "max_lifetime", x.max_lifetime,
         "leaks must show while the connection still counts as young"));
  out.contradiction(x.leak_revoke != zero && x.leak_threshold == zero,
                    "leak_revoke", x.leak_revoke, "leak_threshold",
                    "needs a leak_threshold: a lease is taken away only after "
                    "a warning");
  out.contradiction(x.leak_revoke != zero && x.leak_revoke < x.leak_threshold,
                    "leak_revoke", x.leak_revoke, "leak_threshold",
                    than("shorter than", "leak_threshold", x.leak_threshold,
                         "a lease is taken away only after a warning"));
}

void check_retries(const pool_config& x, checker& out) {
  auto& r = x.retry;
  out.contradiction(r.floor > r.cap, "retry.floor", r.floor, "retry.cap",
                    than("longer than", "retry.cap", r.cap,
                         "the smallest delay cannot exceed the largest"));
  out.contradiction(r.start > r.cap, "retry.start", r.start, "retry.cap",
                    than("longer than", "retry.cap", r.cap,
                         "the first delay cannot exceed the largest"));
  auto& b = x.breaker;
  out.contradiction(b.open_time > b.open_cap, "breaker.open_time", b.open_time,
                    "breaker.open_cap",
                    than("longer than", "breaker.open_cap", b.open_cap,
                         "the first open time cannot exceed the longest"));
}

// -- a node -------------------------------------------------------------------

void check_address(bool enabled, std::string_view key,
                   const std::string& address, std::string_view reason,
                   checker& out) {
  if (!enabled || is_loopback(address))
    return;
  out.add(key, address,
          "must be a loopback address (127.0.0.1, ::1 or localhost): "
            + std::string{reason});
}

void check_edges(const node_config& x, checker& out) {
  check_address(x.remote.enabled, "remote.address", x.remote.address,
                "the actor protocol trusts every peer that reaches the port; "
                "let clients of other machines in by a tunnel",
                out);
  check_address(x.admin.enabled, "admin.address", x.admin.address,
                "health and statistics are served without a login; put a proxy "
                "with a login in front to serve other machines",
                out);
  out.contradiction(x.remote.enabled && x.admin.enabled && x.admin.port != 0
                      && x.admin.port == x.remote.port,
                    "admin.port", x.admin.port, "remote.port",
                    "is also remote.port; give each a port of its own, or 0 "
                    "for a free one");
  out.contradiction(x.remote.lease_ttl < 2 * x.remote.heartbeat,
                    "remote.lease_ttl", x.remote.lease_ttl, "remote.heartbeat",
                    than("shorter than two times", "remote.heartbeat",
                         x.remote.heartbeat,
                         "one late heartbeat would cost a client its leases"));
}

void check_workers(const node_config& x, checker& out) {
  std::uint64_t sum = 0;
  for (auto& pool : x.pools)
    sum += pool.workers;
  if (sum > max_workers_per_node)
    out.add("pools", std::to_string(sum) + " workers",
            "all pools together may have "
              + std::to_string(max_workers_per_node)
              + " workers, each is a thread; lower the workers of some pools");
}

} // namespace

// -- what the header promises -------------------------------------------------

std::string to_string(const config_problem& x) {
  auto str = x.where;
  auto append = [&](const std::string& part) {
    if (!part.empty())
      str += (str.empty() ? "" : ": ") + part;
  };
  append(x.value.empty() ? x.key : x.key + " = " + x.value);
  append(x.message);
  // Keys and values come from files: they must not forge lines of a log.
  std::replace_if(str.begin(), str.end(), is_control, '?');
  return str;
}

bool valid_pool_name(std::string_view name) noexcept {
  auto is_letter
    = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  auto is_fine = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_';
  };
  return !name.empty() && name.size() <= 64 && is_letter(name.front())
         && std::all_of(name.begin(), name.end(), is_fine);
}

bool is_loopback(std::string_view address) noexcept {
  if (address == "localhost" || address == "::1")
    return true;
  if (address.substr(0, 4) != "127.")
    return false;
  // A name such as "127.evil.example" is no address.
  int dots = 0;
  std::size_t digits = 0;
  unsigned number = 0;
  for (char c : address) {
    if (c == '.') {
      if (digits == 0 || ++dots > 3)
        return false;
      digits = 0;
      number = 0;
    } else if (c >= '0' && c <= '9' && digits < 3) {
      ++digits;
      number = number * 10 + static_cast<unsigned>(c - '0');
      if (number > 255)
        return false;
    } else {
      return false;
    }
  }
  return dots == 3 && digits > 0;
}

std::vector<config_problem> validate(const pool_config& x,
                                     const std::string& prefix) {
  std::vector<config_problem> problems;
  checker out{prefix, problems};
  if (!valid_pool_name(x.name))
    out.add("name", x.name,
            "must be 1 to 64 letters, digits, '-' and '_', beginning with a "
            "letter");
  if (x.backend.empty())
    out.add("backend", {}, "must name a backend");
  for_each_setting(x, out);
  check_sizes(x, out);
  check_health(x, out);
  check_leaks(x, out);
  check_retries(x, out);
  return problems;
}

std::vector<config_problem> validate(const node_config& x) {
  std::vector<config_problem> problems;
  checker out{{}, problems};
  for_each_node_setting(x, out);
  if (x.name.empty() || x.name.size() > 64
      || std::any_of(x.name.begin(), x.name.end(), is_control))
    out.add("node.name", x.name,
            "must have 1 to 64 characters, none of them a control character");
  check_edges(x, out);
  check_workers(x, out);
  std::set<std::string> names;
  for (auto& pool : x.pools) {
    if (!names.insert(pool.name).second)
      out.add("pools." + pool.name, {},
              "another pool has the same name; names must be unique");
    auto more = validate(pool, "pools." + pool.name + '.');
    std::move(more.begin(), more.end(), std::back_inserter(problems));
  }
  return problems;
}

} // namespace caf_pool
