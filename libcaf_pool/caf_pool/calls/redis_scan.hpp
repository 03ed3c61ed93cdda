#pragma once

#include "caf_pool/core/redis_command.hpp"
#include "caf_pool/core/redis_reading.hpp"

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

namespace caf_pool {

/// The keys of a database, asked for a portion at a time (SCAN), so that the
/// server is never kept busy for long:
///
/// ~~~
/// auto keys = cache.scan("user:*");
/// for (auto& key : keys)
///   use(key);
/// if (keys.failure())
///   complain(keys.failure());
/// ~~~
///
/// Every key that is there from begin to end comes at least once; one that
/// comes or goes meanwhile may be among them. A failure ends the range.
///
/// Thread-safety: none. `Calls` must outlive it.
template <class Calls>
class redis_scan {
public:
  class iterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = std::string;
    using difference_type = std::ptrdiff_t;
    using pointer = const std::string*;
    using reference = const std::string&;

    explicit iterator(redis_scan* from) : from_(from) {
      // nop
    }

    const std::string& operator*() const noexcept {
      return from_->keys_[from_->next_];
    }

    iterator& operator++() {
      ++from_->next_;
      return *this;
    }

    void operator++(int) {
      ++*this;
    }

    /// Asks for the next portion where one ends.
    bool operator==(std::default_sentinel_t) const {
      return !from_->has_next();
    }

  private:
    redis_scan* from_;
  };

  redis_scan(Calls& calls, std::string_view match, std::uint32_t portion)
    : calls_(&calls), match_(match), portion_(portion) {
    // nop
  }

  /// Goes on where the last loop ended.
  iterator begin() {
    return iterator{this};
  }

  std::default_sentinel_t end() const noexcept {
    return {};
  }

  /// Returns why the range ended early; no error if it did not.
  const error& failure() const noexcept {
    return failure_;
  }

private:
  bool has_next() {
    while (next_ == keys_.size() && !complete_ && !failure_)
      ask();
    return next_ < keys_.size();
  }

  void ask() {
    using portion = std::tuple<std::string, std::vector<std::string>>;
    auto reply = calls_->template send<portion>(
      redis_command{"SCAN", cursor_, "MATCH", match_, "COUNT", portion_});
    next_ = 0;
    keys_.clear();
    if (!reply) {
      failure_ = reply.error();
      return;
    }
    std::tie(cursor_, keys_) = *std::move(reply);
    complete_ = cursor_ == "0";
  }

  Calls* calls_;
  std::string match_;
  std::uint32_t portion_;
  std::string cursor_ = "0";
  std::vector<std::string> keys_;
  std::size_t next_ = 0;
  bool complete_ = false;
  error failure_;
};

} // namespace caf_pool
