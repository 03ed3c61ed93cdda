#pragma once

#include <cstddef>
#include <iterator>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace caf_pool {

/// Keeps values, up to a number of them, and finds them by the member that is
/// their key. The value that was used longest ago makes room for a new one.
///
/// ~~~
/// lru<entry, &entry::text> kept{100};
/// ~~~
///
/// Thread-safety: none.
template <class T, std::string T::*Key>
class lru {
public:
  /// Keeps at most `capacity` values; 0 keeps none.
  explicit lru(std::size_t capacity) : capacity_(capacity) {
    // nop
  }

  // The index points into the list.
  lru(const lru&) = delete;
  lru& operator=(const lru&) = delete;

  std::size_t capacity() const noexcept {
    return capacity_;
  }

  std::size_t size() const noexcept {
    return values_.size();
  }

  /// Returns the value with a key, which is used now; null if there is none.
  /// It stays at its place until it is erased or makes room; its key must not
  /// be changed.
  T* find(std::string_view key) {
    // The same again, as often as not.
    if (!values_.empty() && values_.front().*Key == key)
      return &values_.front();
    auto i = index_.find(key);
    if (i == index_.end())
      return nullptr;
    values_.splice(values_.begin(), values_, i->second);
    return &values_.front();
  }

  /// Adds a value, which is used now. Returns the value that is not kept for
  /// it, if any: the present one of the key, the one that was used longest ago,
  /// or with a capacity of 0 `value` itself.
  std::optional<T> insert(T value) {
    if (capacity_ == 0)
      return value;
    auto gone = take(value.*Key);
    if (values_.size() == capacity_)
      gone = take(values_.back().*Key);
    values_.push_front(std::move(value));
    index_.emplace(values_.front().*Key, values_.begin());
    return gone;
  }

  /// Removes and returns the value with a key, if there is one.
  std::optional<T> take(std::string_view key) {
    auto i = index_.find(key);
    if (i == index_.end())
      return std::nullopt;
    auto place = i->second;
    index_.erase(i);
    std::optional<T> result{std::move(*place)};
    values_.erase(place);
    return result;
  }

  void clear() noexcept {
    index_.clear();
    values_.clear();
  }

  /// Calls `f` with every value, the one used last first. Uses none of them.
  template <class F>
  void for_each(F f) {
    for (auto& value : values_)
      f(value);
  }

private:
  std::size_t capacity_;
  // The one that was used last is in front.
  std::list<T> values_;
  std::unordered_map<std::string_view, typename std::list<T>::iterator> index_;
};

} // namespace caf_pool
