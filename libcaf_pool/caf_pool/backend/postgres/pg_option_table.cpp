#include "caf_pool/backend/postgres/pg_options.hpp"

namespace caf_pool {

namespace {

std::vector<backend_option> server_options() {
  return {
    {"host", "localhost",
     "Name or address of the server, or the directory of its unix socket; "
     "several, with commas between, are tried in order."},
    {"port", "5432", "TCP port, also part of the unix socket's name."},
    {"database", "", "Database; empty means the user's name."},
    {"user", "", "Role to log in as; empty means the operating system's user."},
    {"passfile", "",
     "File with passwords in the form of .pgpass; empty means none."},
    {"application_name", "",
     "Shown in pg_stat_activity; empty means caf_pool/ and the pool's name."},
    {"target_session_attrs", "any",
     "What the server must be: any, read-write, read-only, primary or "
     "standby."},
    {"startup_options", "true",
     "Send the session's settings with the login; false for poolers that "
     "refuse that (PgBouncer)."},
    {"pooler", "auto",
     "What is between the pool and the server: none, a pooler by session or by "
     "transaction; auto looks, and takes each pooler for one by transaction."},
    {"search_path", "", "Schemas to look in; empty keeps the server's."},
    {"init", "", "Statements that each new connection runs first."},
  };
}

std::vector<backend_option> tls_options() {
  return {
    {"sslmode", "",
     "disable, allow, prefer, require, verify-ca or verify-full; empty means "
     "verify-full, or prefer for unix sockets and loopback."},
    {"insecure_tls", "false",
     "Accept an sslmode below verify-full for a server on the network."},
    {"sslrootcert", "/etc/ssl/certs/ca-certificates.crt",
     "File with the authorities that may sign the server's certificate."},
    {"sslcert", "", "File with the client's certificate; empty means none."},
    {"sslkey", "", "File with the client's key; empty means none."},
  };
}

std::vector<backend_option> limit_options() {
  return {
    {"statement_timeout", "0",
     "Limit of the server for each statement, also for those of native "
     "handles and of callers who allow more; 0 means none."},
    {"lock_timeout", "0",
     "Limit of the server for waiting for a lock; 0 means none."},
    {"idle_in_transaction_timeout", "0",
     "The server ends sessions that sit in a transaction for longer; 0 means "
     "never."},
    {"tcp_user_timeout", "10s",
     "A server that does not confirm data for so long is lost; 0 means the "
     "system's."},
    {"keepalives_idle", "10s",
     "Silence before TCP asks whether the server is there; 0 means the "
     "system's."},
    {"keepalives_interval", "5s",
     "Time between such questions; 0 means the system's."},
    {"keepalives_count", "3", "Unanswered questions until it is lost."},
    {"statement_cache", "128",
     "Statements that each connection remembers; 0 means that none is "
     "prepared."},
    {"prepare", "auto",
     "Whether statements may be prepared: auto (not behind a pooler by "
     "transaction), always (if the pooler is known to keep them apart) or "
     "never."},
    {"prepare_after", "2",
     "A statement is prepared when it comes for the so-many-th time; 0 means "
     "never."},
  };
}

} // namespace

std::vector<backend_option> pg_option_table() {
  auto result = server_options();
  for (auto more : {tls_options(), limit_options()})
    result.insert(result.end(), more.begin(), more.end());
  return result;
}

} // namespace caf_pool
