#include "caf_pool/backend/postgres/pg_open.hpp"

#include "caf_pool/backend/postgres/pg_conninfo.hpp"
#include "caf_pool/backend/postgres/pg_server_error.hpp"
#include "caf_pool/backend/postgres/pg_sqlstate.hpp"
#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/net/poll_socket.hpp"
#include "caf_pool/net/resolve.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace caf_pool {

namespace {

struct target {
  std::string host;
  // Empty for unix sockets.
  std::string address;
};

// libpq explains in several lines, and in verbose form names its source files.
std::string gist_of(std::string_view text) {
  std::istringstream in{std::string{text}};
  std::string result;
  for (std::string line; std::getline(in, line);)
    if (!line.empty() && line[0] != '\t' && line.find(".c:") == line.npos)
      pg_add_words(result, result.empty() ? "" : "; ", line);
  return result;
}

std::string_view phase_of(const PGconn* raw) {
  switch (PQstatus(raw)) {
    case CONNECTION_STARTED:
      return "connecting";
    case CONNECTION_SSL_STARTUP:
      return "negotiating TLS";
    case CONNECTION_MADE:
    case CONNECTION_AWAITING_RESPONSE:
      return "waiting for an answer to the login";
    default:
      return "logging in";
  }
}

class opener {
public:
  opener(const pg_options& options, time_point deadline, const bell* called_off)
    : options_(options), deadline_(deadline), called_off_(called_off) {
    // nop
  }

  result<pg_session> run();

  // Somebody took a connection, whatever became of it.
  bool reached() const noexcept {
    return reached_;
  }

private:
  std::vector<target> find_targets();
  result<pg_session> connect(const target& where, time_point deadline);
  result<pg_session> fail(const pg_session& session) const;
  bool unknown_setting(const error& why) const;
  error late(std::string_view phase) const;
  error decorate(error what) const;

  bool is_called_off() const noexcept {
    return called_off_ != nullptr && called_off_->rung();
  }

  std::string elapsed() const {
    return to_rough_text(clock::now() - started_);
  }

  const pg_options& options_;
  time_point deadline_;
  const bell* called_off_;
  time_point started_ = clock::now();
  error last_;
  bool reached_ = false;
};

result<pg_session> opener::run() {
  if (is_called_off())
    return opening_called_off();
  if (clock::now() >= deadline_)
    return late("waiting to start; nothing was sent");
  auto targets = find_targets();
  for (std::size_t i = 0; i < targets.size(); ++i) {
    auto now = clock::now();
    if (now >= deadline_)
      break;
    auto tries = static_cast<duration::rep>(targets.size() - i);
    auto limit = deadline_ == never ? never : now + (deadline_ - now) / tries;
    auto session = connect(targets[i], limit);
    while (!session && unknown_setting(session.error()))
      session = connect(targets[i], limit);
    if (session)
      return session;
    last_ = session.error();
    // The server was reached and said no: others of the list would, too.
    if (last_.code == errc::open_refused || last_.code == errc::cancelled)
      break;
  }
  return decorate(last_);
}

std::vector<target> opener::find_targets() {
  std::vector<target> result;
  for (auto& host : options_.hosts) {
    if (pg_is_unix(host)) {
      result.push_back({host, {}});
      continue;
    }
    auto addresses = resolve_host(host, deadline_, called_off_);
    if (!addresses) {
      last_ = addresses.error();
      continue;
    }
    for (auto& address : *addresses)
      result.push_back({host, address});
  }
  return result;
}

result<pg_session> opener::connect(const target& where, time_point deadline) {
  pg_conninfo info{options_, where.host, where.address};
  pg_session session;
  session.handle.reset(PQconnectStartParams(info.keywords(), info.values(), 0));
  auto* raw = session.handle.get();
  if (raw == nullptr)
    throw std::bad_alloc{};
  session.notices = std::make_unique<pg_notices>(raw);
  // The only way to see the SQLSTATE of a refused login.
  PQsetErrorVerbosity(raw, PQERRORS_VERBOSE);
  if (PQstatus(raw) == CONNECTION_BAD)
    return fail(session);
  for (auto state = PGRES_POLLING_WRITING; state != PGRES_POLLING_OK;
       state = PQconnectPoll(raw)) {
    if (state == PGRES_POLLING_FAILED)
      return fail(session);
    auto phase = PQstatus(raw);
    reached_
      = reached_ || (phase != CONNECTION_STARTED && phase != CONNECTION_NEEDED);
    // The socket changes when libpq tries again without TLS.
    if (poll_socket(PQsocket(raw),
                    state == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline,
                    called_off_)
        == 0)
      return is_called_off() ? opening_called_off() : late(phase_of(raw));
  }
  PQsetErrorVerbosity(raw, PQERRORS_DEFAULT);
  return session;
}

result<pg_session> opener::fail(const pg_session& session) const {
  auto* raw = session.handle.get();
  auto text = gist_of(PQerrorMessage(raw));
  auto state = pg_sqlstate_in(text);
  auto code = PQconnectionNeedsPassword(raw) ? errc::open_refused
                                             : pg_classify_open(state, text);
  return error{code, std::move(text), std::move(state)};
}

// Tells whether the server is too old for a setting that nobody asked for, and
// sees to it that the next login does without. Names are never translated.
bool opener::unknown_setting(const error& why) const {
  if (why.code != errc::open_refused)
    return false;
  auto settings = options_.liveness_settings();
  auto known = options_.known_liveness->load();
  for (std::size_t i = 0; i < std::min(known, settings.size()); ++i)
    if (why.message.find(settings[i].first) != std::string::npos) {
      *options_.known_liveness = i;
      return true;
    }
  return false;
}

error opener::late(std::string_view phase) const {
  return {errc::open_timeout,
          "no connection in " + elapsed() + ", the time went by while "
            + std::string{phase},
          {}};
}

error opener::decorate(error what) const {
  if (what.code == errc::cancelled)
    return what;
  if (what.code == errc::none)
    what = late("looking up names");
  what.message = "cannot open a connection to " + options_.describe()
                 + " after " + elapsed() + ": "
                 + pg_scrub(std::move(what.message), options_.password) + "; "
                 + std::string{pg_advice(what.state, what.code)};
  return what;
}

} // namespace

result<pg_session> pg_open(const pg_options& options, time_point deadline,
                           const bell& called_off) {
  return opener{options, deadline, &called_off}.run();
}

result<void> pg_look(const pg_options& options, time_point deadline) {
  auto stranger = options;
  // libpq would take the password of the environment instead.
  if (std::getenv("PGPASSWORD") == nullptr) {
    stranger.password = {};
    stranger.passfile.clear();
  }
  auto login = opener{stranger, deadline, nullptr};
  auto session = login.run();
  if (session)
    return {};
  auto& why = session.error();
  // Starting, stopping, recovering: 57P03 and its siblings.
  auto said_no = !why.state.empty() && !why.state.starts_with("57");
  if (said_no || why.code == errc::open_refused)
    return {};
  if (login.reached() && why.code == errc::open_failed)
    return error{errc::connection_lost, why.message, why.state};
  return why;
}

} // namespace caf_pool
