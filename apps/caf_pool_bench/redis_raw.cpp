#include "redis_raw.hpp"

#include <hiredis/hiredis.h>

#include <array>
#include <new>
#include <stdexcept>
#include <string_view>

namespace caf_pool::bench {

namespace {

constexpr std::size_t entries = 10'000;

void expect(const redisReply& reply, const redis_entry& x) {
  if (reply.type != REDIS_REPLY_STRING
      || std::string_view{reply.str, static_cast<std::size_t>(reply.len)}
           != x.value)
    throw std::runtime_error{"a wrong value of " + x.key};
}

/// The arguments of GET as hiredis takes them.
struct get_arguments {
  explicit get_arguments(const redis_entry& x)
    : texts{"GET", x.key.data()}, sizes{3, x.key.size()} {
    // nop
  }

  std::array<const char*, 2> texts;
  std::array<std::size_t, 2> sizes;
};

} // namespace

const std::vector<redis_entry>& redis_entries() {
  static const auto result = [] {
    std::vector<redis_entry> xs;
    for (std::size_t i = 0; i < entries; ++i) {
      auto key = "bench:" + std::to_string(entries + i);
      xs.push_back({key, "value of " + key});
    }
    return xs;
  }();
  return result;
}

void raw_redis::closer::operator()(redisContext* x) const noexcept {
  redisFree(x);
}

void raw_redis::closer::operator()(redisReply* x) const noexcept {
  freeReplyObject(x);
}

raw_redis::raw_redis(const std::string& path)
  : conn_(redisConnectUnix(path.c_str())) {
  if (!conn_)
    throw std::bad_alloc{};
  if (conn_->err != 0)
    throw std::runtime_error{path + ": " + conn_->errstr};
}

raw_redis::answer raw_redis::check(void* x) {
  auto result = answer{static_cast<redisReply*>(x)};
  if (!result)
    throw std::runtime_error{conn_->errstr};
  if (result->type == REDIS_REPLY_ERROR)
    throw std::runtime_error{result->str};
  return result;
}

void raw_redis::set(const redis_entry& x) {
  check(redisCommand(conn_.get(), "SET %b %b", x.key.data(), x.key.size(),
                     x.value.data(), x.value.size()));
}

void raw_redis::get(const redis_entry& x) {
  get_arguments get{x};
  expect(*check(redisCommandArgv(conn_.get(), 2, get.texts.data(),
                                 get.sizes.data())),
         x);
}

void raw_redis::get_all(std::span<const redis_entry> xs) {
  for (auto& x : xs) {
    get_arguments get{x};
    redisAppendCommandArgv(conn_.get(), 2, get.texts.data(), get.sizes.data());
  }
  for (auto& x : xs) {
    void* reply = nullptr;
    redisGetReply(conn_.get(), &reply);
    expect(*check(reply), x);
  }
}

void fill_redis(const std::string& path) {
  raw_redis db{path};
  for (auto& x : redis_entries())
    db.set(x);
}

} // namespace caf_pool::bench
