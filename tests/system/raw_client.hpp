#pragma once

#include "caf_pool/caf/send_in_name_of.hpp"
#include "caf_pool/protocol/messages.hpp"

#include "remote_node.hpp"
#include "support/eventually.hpp"

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace caf_pool::test {

/// What a raw client heard so far.
struct heard_messages {
  std::vector<wire::done> done;
  std::vector<wire::granted> granted;
  std::vector<wire::answer> answers;
  std::vector<wire::failed> failed;
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
wire::execute run_sql(std::uint64_t request, const std::string& sql,
                      duration limit = patience);
wire::acquire want(std::uint64_t request, duration wait = patience);
wire::execute_on run_on(std::uint64_t request, const std::string& token,
                        const std::string& sql);

} // namespace caf_pool::test
