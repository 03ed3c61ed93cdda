#include "caf_pool/backend/testing/scripted.hpp"

#include "caf_pool/backend/testing/scripted_server.hpp"
#include "caf_pool/settings/setting_text.hpp"

#include <atomic>
#include <utility>

namespace caf_pool {

namespace {

class scripted_connection : public connection {
public:
  scripted_connection(std::shared_ptr<scripted_server> server, std::uint64_t id)
    : server_(std::move(server)), handle_{id} {
    server_->connection_opened();
  }

  ~scripted_connection() override {
    if (!closed_)
      server_->connection_closed();
  }

  result<void> probe(time_point deadline) override {
    if (auto why = serve({backend_call::probe, id(), {}, {}, deadline}).failure)
      return why;
    return {};
  }

  result<void> reset(reset_policy policy, time_point deadline) override {
    auto name = std::string{to_string(policy)};
    auto what = serve({backend_call::reset, id(), name, {}, deadline});
    if (what.failure)
      return what.failure;
    dirty_ = what.dirties;
    return {};
  }

  result<sql_result> execute(const sql_statement& stmt,
                             time_point deadline) override {
    auto what = serve(
      {backend_call::execute, id(), stmt.text, stmt.parameters, deadline});
    if (what.failure)
      return what.failure;
    return std::move(what.rows);
  }

  result<void> restrict_to_reads(time_point deadline) override {
    auto what
      = serve({backend_call::restrict_to_reads, id(), {}, {}, deadline});
    if (what.failure)
      return what.failure;
    dirty_ = true;
    return {};
  }

  trace state() const noexcept override {
    if (broken_)
      return trace::broken;
    return dirty_ ? trace::dirty : trace::clean;
  }

  transaction_status transaction() const noexcept override {
    return transaction_;
  }

  void cancel() noexcept override {
    scripted_record call{backend_call::cancel, id(), {}, {}, never};
    auto what = server_->arrive(call);
    if (!server_->pass(call, what, stop_) && !what.failure)
      server_->cancel(stop_);
  }

  void abort() noexcept override {
    server_->arrive({backend_call::abort, id(), {}, {}, never});
    broken_ = true;
    server_->abort(stop_);
  }

  void close(time_point deadline) noexcept override {
    scripted_record call{backend_call::close, id(), {}, {}, deadline};
    busy_guard guard{*this, call.kind};
    auto what = server_->arrive(call);
    // However that ends, a connection is gone after it.
    static_cast<void>(server_->pass(call, what, stop_));
    broken_ = true;
    if (!closed_.exchange(true))
      server_->connection_closed();
  }

  void* native_handle() noexcept override {
    dirty_ = true;
    return &handle_;
  }

private:
  /// Notices when two threads use the connection at the same time.
  class busy_guard {
  public:
    busy_guard(scripted_connection& self, backend_call kind) : self_(self) {
      if (self_.busy_.fetch_add(1) != 0)
        self_.server_->blame(std::string{to_string(kind)} + " on connection "
                             + std::to_string(self_.id())
                             + " came from a second thread during another "
                               "call");
    }

    ~busy_guard() {
      self_.busy_.fetch_sub(1);
    }

  private:
    scripted_connection& self_;
  };

  std::uint64_t id() const noexcept {
    return handle_.connection;
  }

  /// Plays one call. On failure the answer has the error, whatever caused it.
  scripted_answer serve(const scripted_record& call) {
    busy_guard guard{*this, call.kind};
    server_->begin(stop_, call.kind);
    if (closed_)
      server_->blame(std::string{to_string(call.kind)} + " on connection "
                     + std::to_string(id()) + " came after its close");
    auto what = server_->arrive(call);
    if (broken_) {
      what.failure = {errc::connection_lost,
                      "the scripted connection is broken; close it",
                      {}};
    } else if (auto why = server_->pass(call, what, stop_)) {
      what.failure = std::move(why);
    }
    server_->end(stop_);
    auto code = what.failure.code;
    if (what.breaks || code == errc::connection_lost
        || code == errc::outcome_unknown)
      broken_ = true;
    if (what.dirties)
      dirty_ = true;
    if (what.transaction)
      transaction_ = *what.transaction;
    return what;
  }

  std::shared_ptr<scripted_server> server_;
  scripted_handle handle_;
  scripted_server::interruption stop_;
  std::atomic<int> busy_ = 0;
  std::atomic<bool> broken_ = false;
  std::atomic<bool> dirty_ = false;
  std::atomic<bool> closed_ = false;
  std::atomic<transaction_status> transaction_ = transaction_status::unknown;
};

} // namespace

// -- scripted_backend --------------------------------------------------------

scripted_backend::scripted_backend()
  : server_(std::make_shared<scripted_server>(std::nullopt)) {
  // nop
}

scripted_backend::scripted_backend(std::vector<scripted_step> script)
  : server_(std::make_shared<scripted_server>(std::move(script))) {
  // nop
}

scripted_backend::~scripted_backend() {
  // nop
}

void scripted_backend::answer(backend_call kind, scripted_answer what) {
  server_->answer(kind,
                  [x = std::move(what)](const scripted_record&) { return x; });
}

void scripted_backend::answer(backend_call kind, answer_function f) {
  server_->answer(kind, std::move(f));
}

void scripted_backend::answer_next(backend_call kind, scripted_answer what) {
  server_->answer_next(kind, std::move(what));
}

void scripted_backend::max_connections(std::uint32_t n) {
  server_->max_connections(n);
}

void scripted_backend::hold(backend_call kind) {
  server_->hold(kind);
}

void scripted_backend::let_pass(backend_call kind, std::size_t n) {
  server_->let_pass(kind, n);
}

void scripted_backend::stop_holding(backend_call kind) {
  server_->stop_holding(kind);
}

std::size_t scripted_backend::held(backend_call kind) const {
  return server_->held(kind);
}

bool scripted_backend::wait_for_held(backend_call kind, std::size_t n,
                                     duration limit) const {
  return server_->wait_for_held(kind, n, limit);
}

std::vector<scripted_record> scripted_backend::calls() const {
  return server_->calls();
}

std::size_t scripted_backend::count(backend_call kind) const {
  return server_->count(kind);
}

bool scripted_backend::wait_for_calls(backend_call kind, std::size_t n,
                                      duration limit) const {
  return server_->wait_for_calls(kind, n, limit);
}

std::size_t scripted_backend::connections() const {
  return server_->connections();
}

std::size_t scripted_backend::most_connections() const {
  return server_->most_connections();
}

std::string scripted_backend::verdict() const {
  return server_->verdict();
}

result<connection_ptr> scripted_backend::open(time_point deadline) {
  scripted_record call{
    backend_call::open, server_->next_connection(), {}, {}, deadline};
  auto what = server_->arrive(call);
  if (auto why = server_->pass(call, what, {}))
    return why;
  if (what.failure)
    return what.failure;
  return connection_ptr{
    std::make_unique<scripted_connection>(server_, call.connection)};
}

std::string_view scripted_backend::kind() const noexcept {
  return "scripted";
}

std::string scripted_backend::describe() const {
  return "a scripted server inside the process";
}

std::uint32_t scripted_backend::max_connections() const noexcept {
  return server_->max_connections();
}

} // namespace caf_pool
