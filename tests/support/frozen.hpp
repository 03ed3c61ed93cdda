#pragma once

namespace caf_pool::test {

/// Freezes a private server for a scope.
///
/// ~~~
/// frozen server{private_postgres::shared()};
/// ~~~
template <class Server>
class frozen {
public:
  explicit frozen(Server& server) : server_(server) {
    server_.freeze();
  }

  frozen(const frozen&) = delete;
  frozen& operator=(const frozen&) = delete;

  ~frozen() {
    server_.thaw();
  }

private:
  Server& server_;
};

} // namespace caf_pool::test
