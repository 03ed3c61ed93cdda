#include "caf_pool/net/resolve.hpp"

#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/net/poll_socket.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

namespace caf_pool {

namespace {

using answer = result<std::vector<std::string>>;

// A lookup that is under way.
struct pending_lookup {
  std::mutex mtx;
  std::optional<answer> value;
  bell done;

  std::optional<answer> get() {
    std::lock_guard guard{mtx};
    return value;
  }
};

struct lookup_table {
  std::mutex mtx;
  std::map<std::string, std::shared_ptr<pending_lookup>> pending;
};

// Never destroyed: a late thread may still need it when the program ends.
lookup_table& lookups() {
  static auto* instance = new lookup_table;
  return *instance;
}

bool is_address(const std::string& host) {
  std::array<unsigned char, 16> buf;
  return ::inet_pton(AF_INET, host.c_str(), buf.data()) == 1
         || ::inet_pton(AF_INET6, host.c_str(), buf.data()) == 1;
}

void run_lookup(const std::string& host,
                const std::shared_ptr<pending_lookup>& state,
                const host_lookup& lookup) {
  answer value{error{errc::open_failed, "cannot look up \"" + host + '"', {}}};
  try {
    value = lookup(host);
  } catch (const std::exception& x) {
    value = error{
      errc::open_failed, "cannot look up \"" + host + "\": " + x.what(), {}};
  }
  {
    std::lock_guard guard{lookups().mtx};
    lookups().pending.erase(host);
  }
  std::lock_guard guard{state->mtx};
  state->value = std::move(value);
  state->done.ring();
}

// Joins the lookup that is under way, or starts one.
std::shared_ptr<pending_lookup> start_lookup(const std::string& host,
                                             const host_lookup& lookup) {
  std::lock_guard guard{lookups().mtx};
  if (auto i = lookups().pending.find(host); i != lookups().pending.end())
    return i->second;
  try {
    auto fresh = std::make_shared<pending_lookup>();
    lookups().pending.emplace(host, fresh);
    std::thread{run_lookup, host, fresh, lookup}.detach();
    return fresh;
  } catch (const std::system_error&) {
    lookups().pending.erase(host);
    return nullptr;
  }
}

} // namespace

answer system_lookup(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* first = nullptr;
  if (auto rc = ::getaddrinfo(host.c_str(), nullptr, &hints, &first); rc != 0)
    return error{errc::open_failed,
                 "cannot look up \"" + host + "\": " + ::gai_strerror(rc),
                 {}};
  std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner{first, ::freeaddrinfo};
  std::vector<std::string> result;
  for (auto* x = first; x != nullptr; x = x->ai_next) {
    std::array<char, NI_MAXHOST> text;
    if (::getnameinfo(x->ai_addr, x->ai_addrlen, text.data(), text.size(),
                      nullptr, 0, NI_NUMERICHOST)
          == 0
        && std::find(result.begin(), result.end(), text.data()) == result.end())
      result.emplace_back(text.data());
  }
  return result;
}

answer resolve_host(const std::string& host, time_point deadline,
                    const bell* called_off, const host_lookup& lookup) {
  if (is_address(host))
    return std::vector{host};
  auto started = clock::now();
  auto state = start_lookup(host, lookup);
  if (!state)
    return error{errc::open_failed,
                 "cannot start looking up \"" + host
                   + "\": the limit of threads or of descriptors is reached",
                 {}};
  poll_socket(state->done.descriptor(), POLLIN, deadline, called_off);
  if (auto value = state->get())
    return *std::move(value);
  if (called_off != nullptr && called_off->rung())
    return error{
      errc::cancelled, "looking up \"" + host + "\" was called off", {}};
  return error{errc::open_timeout,
               "looking up \"" + host + "\" took longer than "
                 + to_rough_text(clock::now() - started)
                 + "; check the resolver (/etc/resolv.conf), or give the "
                   "address as host",
               {}};
}

} // namespace caf_pool
