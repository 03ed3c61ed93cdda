#pragma once

#include <string>
#include <vector>

namespace caf_pool::test {

/// One reply of a Redis server (RESP2).
struct redis_reply {
  enum class kind { status, error, integer, bulk, nil, array };

  kind type = kind::nil;
  /// All but the elements of an array; an integer as its digits.
  std::string text;
  std::vector<redis_reply> elements;

  bool is_error() const noexcept {
    return type == kind::error;
  }
};

/// Returns a reply for people and comparisons: the elements of an array one a
/// line, arrays within it as "[a b]", and "(nil)".
std::string to_string(const redis_reply& reply);

/// A connection to a Redis server's unix socket, for test fixtures only. Needs
/// no client library.
///
/// Thread-safety: one thread at a time.
class private_redis_client {
public:
  /// Connects. Throws `std::system_error` if nobody listens.
  explicit private_redis_client(const std::string& socket_path);

  private_redis_client(private_redis_client&&) noexcept;
  private_redis_client& operator=(private_redis_client&&) = delete;

  ~private_redis_client();

  /// Sends a command and returns its reply, which may be an error. Throws
  /// `std::runtime_error` if the server closes the connection or says nothing
  /// for a minute.
  redis_reply call(const std::vector<std::string>& command);

private:
  void send(const std::string& bytes);
  void receive();
  std::string read_line();
  std::string read_bytes(std::size_t size);
  redis_reply read_reply();

  int fd_ = -1;
  std::string buffer_;
};

} // namespace caf_pool::test
