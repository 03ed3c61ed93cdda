#pragma once

#include "caf_pool/caf/send_in_name_of.hpp"
#include "caf_pool/core/call_options.hpp"
#include "caf_pool/protocol/messages.hpp"

#include "remote_node.hpp"
#include "support/eventually.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace caf_pool::test {

struct heard_grant {
  std::uint64_t request = 0;
  std::string token;
};

struct heard_failure {
  std::uint64_t request = 0;
  error why;
};

/// What a raw client heard so far.
struct heard_messages {
  /// Grants and failures are sorted out.
  std::vector<wire::answer> answers;
  std::vector<heard_grant> granted;
  std::vector<heard_failure> failed;
  std::vector<wire::revoked> revoked;
  std::vector<wire::renewed> renewed;
  std::vector<wire::farewell> farewells;
  std::vector<wire::part> parts;
  std::vector<wire::more> mores;
};

/// A client that says exactly what a test wants, from an actor system of its
/// own: it renews nothing and cleans up nothing.
class raw_client {
public:
  explicit raw_client(remote_node& node, const char* token = user_token);

  ~raw_client();

  /// Says something to the session.
  template <class T>
  void say(T x) {
    say_as(self(), std::move(x));
  }

  /// The same, in the name of somebody else.
  template <class T>
  void say_as(const caf::strong_actor_ptr& who, T x) {
    send_in_name_of(who, session_ptr(), std::move(x));
  }

  heard_messages heard() const;

  /// Waits for the answer to a request and returns its error, if it is one.
  error outcome(std::uint64_t request) const;

  /// Acquires and returns the token; throws if that fails.
  std::string acquire(std::uint64_t request, const std::string& pool = "main");

  /// Ends the client's actor without a word.
  void die();

  const wire::session_handle& session() const;
  const wire::gate_handle& gate() const;
  caf::actor_system& system();
  caf::strong_actor_ptr self() const;

private:
  caf::strong_actor_ptr session_ptr() const;

  struct impl;
  std::unique_ptr<impl> impl_;
};

/// Shorthands for requests.
wire::call run_sql(std::uint64_t request, const std::string& sql,
                   duration limit = patience);
wire::call want(std::uint64_t request, duration wait = patience,
                call_options how = {});
wire::call run_on(std::uint64_t request, const std::string& token,
                  const std::string& sql);
wire::call ask_for_names(std::uint64_t request);

/// The payload of a statement.
std::string order_of(const std::string& sql);

} // namespace caf_pool::test
