#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace caf_pool {

namespace detail {

template <class T>
concept redis_character
  = std::same_as<T, char> || std::same_as<T, wchar_t>
    || std::same_as<T, char8_t> || std::same_as<T, char16_t>
    || std::same_as<T, char32_t>;

/// Integers that are numbers, not truth and not characters.
template <class T>
concept redis_integer
  = std::integral<T> && !std::same_as<T, bool> && !redis_character<T>;

/// What stands for itself as an argument of a command.
template <class T>
concept redis_argument
  = std::convertible_to<const T&, std::string_view> || redis_integer<T>
    || std::same_as<T, float> || std::same_as<T, double>
    || std::same_as<T, std::vector<std::byte>>;

} // namespace detail

/// One command for a server that speaks RESP, with its arguments, as it goes
/// over the wire: all of it lies in one piece of memory.
///
/// ~~~
/// redis_command set{"SET", "visits:7", 41, "EX", 60};
/// ~~~
///
/// Arguments are texts of any bytes, integers, and floating point numbers,
/// which are written with the fewest digits that read back as the same number.
/// The name is one word: what the documentation writes as "CLIENT INFO" is the
/// name and the first argument.
///
/// Thread-safety: a plain value.
class redis_command {
public:
  /// The arguments, the name first. Texts live as long as the command.
  class const_iterator {
  public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = std::string_view;
    using difference_type = std::ptrdiff_t;
    using pointer = const value_type*;
    using reference = value_type;

    const_iterator() = default;

    explicit const_iterator(std::string_view rest) : rest_(rest) {
      read();
    }

    std::string_view operator*() const noexcept {
      return here_;
    }

    const_iterator& operator++() {
      read();
      return *this;
    }

    const_iterator operator++(int) {
      auto result = *this;
      read();
      return result;
    }

    friend bool operator==(const const_iterator& x, const const_iterator& y) {
      return x.here_.data() == y.here_.data();
    }

  private:
    void read();

    std::string_view here_;
    std::string_view rest_;
  };

  /// A command without a name; a connection refuses it.
  redis_command() = default;

  template <detail::redis_argument... Ts>
  explicit redis_command(std::string_view name, const Ts&... arguments) {
    bulks_.reserve(room(name, arguments...));
    add(name);
    (add(arguments), ...);
  }

  /// Takes a name and arguments that are in a range.
  template <std::input_iterator Iterator>
  requires std::convertible_to<std::iter_reference_t<Iterator>,
                               std::string_view>
  redis_command(Iterator first, Iterator last) {
    for (; first != last; ++first)
      add(std::string_view{*first});
  }

  /// Appends an argument; the first is the name.
  redis_command& add(std::string_view x);

  template <detail::redis_integer T>
  redis_command& add(T x) {
    char digits[std::numeric_limits<T>::digits10 + 3];
    auto end = std::to_chars(std::begin(digits), std::end(digits), x).ptr;
    return add(std::string_view{digits, end});
  }

  template <class T>
  requires std::same_as<T, float> || std::same_as<T, double> redis_command& add(
    T x) {
    char digits[32];
    auto end = std::to_chars(std::begin(digits), std::end(digits), x).ptr;
    return add(std::string_view{digits, end});
  }

  redis_command& add(const std::vector<std::byte>& x) {
    return add(
      std::string_view{reinterpret_cast<const char*>(x.data()), x.size()});
  }

  /// Returns how many arguments there are, the name included.
  std::uint32_t size() const noexcept {
    return size_;
  }

  bool empty() const noexcept {
    return size_ == 0;
  }

  const_iterator begin() const {
    return const_iterator{bulks_};
  }

  const_iterator end() const {
    return {};
  }

  /// Returns the name as it was written; empty if there is none.
  std::string_view name() const {
    return empty() ? std::string_view{} : *begin();
  }

  /// Returns an argument, the name as number 0; empty beyond the last one.
  std::string_view at(std::size_t index) const;

  /// Tells that the command may be sent again although the server may have
  /// carried it out already.
  redis_command& idempotent(bool x = true) noexcept {
    idempotent_ = x;
    return *this;
  }

  bool is_idempotent() const noexcept {
    return idempotent_;
  }

  /// Appends the command in the form of the wire, an array of bulk strings.
  void append_to(std::string& out) const;

  /// The arguments in that form, without the array's head.
  const std::string& bulks() const noexcept {
    return bulks_;
  }

  /// Makes a command of what `bulks` returned, or an empty one if the bytes are
  /// anything else.
  static redis_command from_bulks(std::string bulks);

  friend bool operator==(const redis_command&, const redis_command&) = default;

private:
  template <class... Ts>
  static std::size_t room(const Ts&... xs) {
    // A length has a few digits and two line ends.
    constexpr std::size_t head = 12;
    constexpr std::size_t number = 24;
    auto of = [](const auto& x) {
      if constexpr (std::is_convertible_v<decltype(x), std::string_view>)
        return std::string_view{x}.size() + head;
      else
        return number + head;
    };
    return (of(xs) + ... + 0);
  }

  std::string bulks_;
  std::uint32_t size_ = 0;
  bool idempotent_ = false;
};

/// Commands that go to the server together.
///
/// Thread-safety: a plain value.
struct redis_commands {
  enum class form : std::uint8_t {
    /// One round trip; each command stands for itself.
    pipeline,
    /// MULTI before and EXEC behind them: nobody else's run in between.
    transaction,
  };

  std::vector<redis_command> items;
  form as = form::pipeline;

  friend bool operator==(const redis_commands&, const redis_commands&)
    = default;
};

} // namespace caf_pool
