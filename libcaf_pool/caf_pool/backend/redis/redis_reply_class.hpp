#pragma once

#include "caf_pool/core/error.hpp"

#include <cstdint>
#include <string_view>

namespace caf_pool {

/// Why a server answers with an error.
enum class redis_reply_class : std::uint8_t {
  /// The command is wrong, or a script says so.
  own_fault,
  /// The server serves nobody at the moment; nothing took effect.
  not_now,
  /// The server takes no writes; nothing took effect, and reads go on.
  no_writes_now,
  /// Another server has the data; nothing took effect.
  elsewhere,
  /// The login is not valid, or not any more.
  login,
  /// The connection is over, or will be at once.
  over,
};

/// What becomes of the connection on which an error came.
enum class redis_connection_fate : std::uint8_t {
  keep,
  /// It serves its holder to the end, and nobody after that.
  retire,
  close,
};

/// Whether a command that was answered with an error may be tried again.
enum class redis_retry : std::uint8_t {
  /// It would fail again, or something may have taken effect.
  no,
  after_backoff,
  /// Once, on a connection whose server was asked for its role.
  other_connection,
  /// On the server that the reply names.
  redirect,
};

/// What an error tells about the server's health.
enum class redis_health : std::uint8_t { well, failing, unknown };

/// What an error reply means.
struct redis_reply_meaning {
  redis_reply_class category = redis_reply_class::own_fault;
  errc code = errc::execute_failed;
  redis_connection_fate connection = redis_connection_fate::keep;
  redis_retry retry = redis_retry::no;
  redis_health health = redis_health::well;
  /// Connections that were opened before are not to be trusted: the server has
  /// another role, or is another one.
  bool new_generation = false;

  friend bool operator==(const redis_reply_meaning&, const redis_reply_meaning&)
    = default;
};

/// Returns the word that an error reply begins with, without the mark of an
/// error: "WRONGTYPE". Empty if the reply begins with something else, which
/// scripts and modules do.
std::string_view redis_first_word(std::string_view reply) noexcept;

/// Tells what an error reply means, by its first word: what follows differs
/// between servers and versions. There are three exceptions. EXECABORT means
/// what its cause means, if it names one. An error that came out of a running
/// script is its own fault, because the script may have written before. And
/// two replies that end a connection begin with ERR.
///
/// Thread-safety: any thread, as all functions here.
redis_reply_meaning redis_meaning_of(std::string_view reply) noexcept;

/// Returns what to try against an error, as one sentence; empty if the server's
/// own text says it all.
std::string_view redis_advice(std::string_view reply) noexcept;

/// Makes an error of an error reply: its code is that of the meaning, its state
/// the first word, its message the server's text and what to try.
error redis_error(std::string_view reply);

} // namespace caf_pool
