#include "caf_pool/backend/redis/redis_reader.hpp"

#include "caf_pool/backend/redis/redis_compat.hpp"

#include <algorithm>
#include <cstdint>
#include <new>
#include <utility>
#include <vector>

namespace caf_pool {

namespace {

/// An array has room for so many elements before they come: a count is only a
/// claim.
constexpr std::size_t first_room = 64;

/// Keeps no more memory than this between replies.
constexpr std::size_t kept_memory = std::size_t{64} << 10;

/// Returns where the value of a task belongs: an element more of the array
/// around it, or the reply itself. Arrays are filled from the front and depth
/// first, hence nobody points at an element when the next one moves it.
redis_value* place_of(const redisReadTask* task) {
  if (task->parent == nullptr) {
    auto* root = static_cast<redis_value*>(task->privdata);
    root->value = redis_nil{};
    return root;
  }
  auto* around = static_cast<redis_value*>(task->parent->obj);
  return &std::get<redis_array>(around->value).items.emplace_back();
}

/// hiredis takes null for a lack of memory, and no exception.
template <class T>
void* keep(const redisReadTask* task, T&& x) noexcept {
  try {
    auto* place = place_of(task);
    place->value = std::forward<T>(x);
    return place;
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void* make_string(const redisReadTask* task, char* bytes, std::size_t size) {
  // The kind of a verbatim string is of no use to anybody: "txt:".
  constexpr std::size_t mark = 4;
  try {
    switch (task->type) {
      case REDIS_REPLY_STATUS:
        return keep(task, redis_status{std::string{bytes, size}});
      case REDIS_REPLY_ERROR:
        return keep(task, redis_failure{std::string{bytes, size}});
      case redis_reply_verbatim:
        if (size >= mark)
          return keep(task, std::string{bytes + mark, size - mark});
        break;
      default:
        break;
    }
    return keep(task, std::string{bytes, size});
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

redis_array::form form_of(int type) {
  switch (type) {
    case redis_reply_map:
      return redis_array::form::map;
    case redis_reply_set:
      return redis_array::form::set;
    case redis_reply_push:
      return redis_array::form::push;
    default:
      return redis_array::form::array;
  }
}

void* make_array(const redisReadTask* task, redis_array_size size) {
  try {
    auto x = redis_array{};
    x.as = form_of(task->type);
    x.items.reserve(std::min(static_cast<std::size_t>(size), first_room));
    return keep(task, std::move(x));
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void* make_integer(const redisReadTask* task, long long x) {
  return keep(task, std::int64_t{x});
}

void* make_nil(const redisReadTask* task) {
  return keep(task, redis_nil{});
}

void* make_double(const redisReadTask* task, double x, char*, std::size_t) {
  return keep(task, x);
}

void* make_bool(const redisReadTask* task, int x) {
  return keep(task, x != 0);
}

void free_nothing(void*) {
  // The values belong to the reader.
}

redisReplyObjectFunctions* functions() {
  static auto result = [] {
    auto x = redisReplyObjectFunctions{};
    x.createString = make_string;
    x.createArray = make_array;
    x.createInteger = make_integer;
    x.createNil = make_nil;
    x.freeObject = free_nothing;
    redis_add_resp3(x, make_double, make_bool);
    return x;
  }();
  return &result;
}

struct reader_free {
  void operator()(redisReader* x) const noexcept {
    redisReaderFree(x);
  }
};

} // namespace

struct redis_reader::impl {
  std::unique_ptr<redisReader, reader_free> raw;
  redis_value root;
  bool failed = false;

  impl() : raw(redisReaderCreateWithFunctions(functions())) {
    if (!raw)
      throw std::bad_alloc{};
    raw->privdata = &root;
    raw->maxbuf = kept_memory;
  }
};

redis_reader::redis_reader() : impl_(std::make_unique<impl>()) {
  // nop
}

redis_reader::~redis_reader() = default;

redis_reader::redis_reader(redis_reader&&) noexcept = default;

redis_reader& redis_reader::operator=(redis_reader&&) noexcept = default;

void redis_reader::feed(std::string_view bytes) {
  if (impl_->failed)
    return;
  pending_ += bytes.size();
  if (redisReaderFeed(impl_->raw.get(), bytes.data(), bytes.size()) != REDIS_OK)
    impl_->failed = true;
}

std::optional<redis_value> redis_reader::next() {
  if (impl_->failed)
    return std::nullopt;
  void* reply = nullptr;
  if (redisReaderGetReply(impl_->raw.get(), &reply) != REDIS_OK) {
    impl_->failed = true;
    return std::nullopt;
  }
  if (reply == nullptr)
    return std::nullopt;
  auto& raw = *impl_->raw;
  pending_ = raw.len - raw.pos;
  return std::exchange(impl_->root, {});
}

bool redis_reader::failed() const noexcept {
  return impl_->failed;
}

std::string_view redis_reader::reason() const noexcept {
  return impl_->failed ? std::string_view{impl_->raw->errstr}
                       : std::string_view{};
}

bool redis_reader::empty() const noexcept {
  // hiredis begins with the next reply before its first byte has come.
  return !impl_->failed && pending_ == 0;
}

} // namespace caf_pool
