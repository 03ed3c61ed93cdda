#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

struct redisContext;
struct redisReply;

namespace caf_pool::bench {

/// A key and what the server has under it.
struct redis_entry {
  std::string key;
  std::string value;
};

/// What all figures with Redis read; see `fill_redis`.
const std::vector<redis_entry>& redis_entries();

/// A connection by hiredis and nothing else: the baseline of what a pool costs.
/// Throws `std::runtime_error`.
///
/// Thread-safety: one thread at a time.
class raw_redis {
public:
  /// Connects by a unix socket.
  explicit raw_redis(const std::string& path);

  void set(const redis_entry& x);

  /// Reads a key and checks what came.
  void get(const redis_entry& x);

  /// As above for several keys, all of them in one round trip.
  void get_all(std::span<const redis_entry> xs);

private:
  struct closer {
    void operator()(redisContext* x) const noexcept;
    void operator()(redisReply* x) const noexcept;
  };

  using answer = std::unique_ptr<redisReply, closer>;

  answer check(void* x);

  std::unique_ptr<redisContext, closer> conn_;
};

/// Stores all entries.
void fill_redis(const std::string& path);

} // namespace caf_pool::bench
