#include "caf_pool/backend/testing/scripted_server.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace caf_pool {

namespace {

std::string text_of(backend_call kind, const std::string& text) {
  auto str = std::string{to_string(kind)};
  if (!text.empty())
    str += " \"" + text + '"';
  return str;
}

std::string text_of(const scripted_step& step) {
  return text_of(step.kind, step.text.value_or(std::string{}));
}

std::string text_of(const scripted_record& call) {
  return text_of(call.kind, call.text) + " on connection "
         + std::to_string(call.connection);
}

} // namespace

scripted_server::scripted_server(
  std::optional<std::vector<scripted_step>> script)
  : script_(std::move(script)),
    max_connections_(std::numeric_limits<std::uint32_t>::max()) {
  // nop
}

scripted_server::per_kind& scripted_server::of(backend_call kind) {
  return kinds_[static_cast<std::size_t>(kind)];
}

const scripted_server::per_kind& scripted_server::of(backend_call kind) const {
  return kinds_[static_cast<std::size_t>(kind)];
}

// -- what a connection says --------------------------------------------------

scripted_answer scripted_server::arrive(const scripted_record& call) {
  scripted_backend::answer_function standing;
  {
    std::lock_guard guard{mutex_};
    calls_.push_back(call);
    auto& kind = of(call.kind);
    ++kind.calls;
    changed_.notify_all();
    if (!kind.once.empty()) {
      auto what = std::move(kind.once.front());
      kind.once.pop_front();
      return what;
    }
    standing = kind.standing;
    if (!standing)
      return script_ ? follow_script(call) : scripted_answer{};
  }
  // Without the lock: the function may ask or tell the server something.
  return standing(call);
}

scripted_answer scripted_server::follow_script(const scripted_record& call) {
  auto number = std::to_string(calls_.size());
  std::string problem;
  if (position_ == script_->size()) {
    problem = "call " + number
              + " came after the end of the script: " + text_of(call);
  } else {
    auto& step = (*script_)[position_];
    if (step.kind == call.kind && (!step.text || *step.text == call.text)) {
      ++position_;
      return step.answer;
    }
    problem = "call " + number + " should have been " + text_of(step)
              + ", but was " + text_of(call);
  }
  failures_.push_back(problem);
  scripted_answer what;
  what.failure = {errc::internal, std::move(problem), {}};
  return what;
}

error scripted_server::stopped(const scripted_record& call,
                               const scripted_answer& what,
                               const interruption& stop) const {
  if (stop.aborted)
    return {errc::connection_lost, text_of(call) + " was aborted", {}};
  if (what.deaf)
    return {};
  if (stop.cancelled)
    return {errc::cancelled, text_of(call) + " was cancelled", {}};
  if (call.deadline != never && clock::now() >= call.deadline)
    return {call.kind == backend_call::open ? errc::open_timeout
                                            : errc::execute_timeout,
            text_of(call) + " did not end before its deadline; call let_pass "
                            "if it was held",
            {}};
  return {};
}

error scripted_server::pass(const scripted_record& call,
                            const scripted_answer& what,
                            const interruption& stop) {
  std::unique_lock guard{mutex_};
  auto& kind = of(call.kind);
  if (!what.held && !kind.held)
    return stopped(call, what, stop);
  auto id = ++last_waiting_;
  kind.waiting.push_back(id);
  changed_.notify_all();
  error why;
  for (;;) {
    if (kind.permits > 0 && kind.waiting.front() == id) {
      --kind.permits;
      break;
    }
    why = stopped(call, what, stop);
    if (why)
      break;
    if (what.deaf || call.deadline == never)
      changed_.wait(guard);
    else
      changed_.wait_until(guard, call.deadline);
  }
  std::erase(kind.waiting, id);
  changed_.notify_all();
  return why;
}

void scripted_server::begin(interruption& stop, backend_call kind) {
  std::lock_guard guard{mutex_};
  stop.executing = kind == backend_call::execute;
  stop.cancelled = false;
}

void scripted_server::end(interruption& stop) {
  std::lock_guard guard{mutex_};
  stop.executing = false;
  stop.cancelled = false;
}

void scripted_server::cancel(interruption& stop) {
  std::lock_guard guard{mutex_};
  if (stop.executing)
    stop.cancelled = true;
  changed_.notify_all();
}

void scripted_server::abort(interruption& stop) {
  std::lock_guard guard{mutex_};
  stop.aborted = true;
  changed_.notify_all();
}

void scripted_server::blame(std::string failure) {
  std::lock_guard guard{mutex_};
  failures_.push_back(std::move(failure));
}

std::uint64_t scripted_server::next_connection() {
  std::lock_guard guard{mutex_};
  return ++last_connection_;
}

void scripted_server::connection_opened() {
  std::lock_guard guard{mutex_};
  most_connections_ = std::max(most_connections_, ++connections_);
}

void scripted_server::connection_closed() {
  std::lock_guard guard{mutex_};
  --connections_;
  changed_.notify_all();
}

// -- what a test says --------------------------------------------------------

void scripted_server::answer(backend_call kind,
                             scripted_backend::answer_function f) {
  std::lock_guard guard{mutex_};
  of(kind).standing = std::move(f);
}

void scripted_server::answer_next(backend_call kind, scripted_answer what) {
  std::lock_guard guard{mutex_};
  of(kind).once.push_back(std::move(what));
}

void scripted_server::hold(backend_call kind) {
  std::lock_guard guard{mutex_};
  of(kind).held = true;
}

void scripted_server::let_pass(backend_call kind, std::size_t n) {
  std::lock_guard guard{mutex_};
  of(kind).permits += n;
  changed_.notify_all();
}

void scripted_server::stop_holding(backend_call kind) {
  std::lock_guard guard{mutex_};
  auto& x = of(kind);
  x.held = false;
  x.permits = x.waiting.size();
  changed_.notify_all();
}

std::size_t scripted_server::held(backend_call kind) const {
  std::lock_guard guard{mutex_};
  return of(kind).waiting.size();
}

bool scripted_server::wait_for_held(backend_call kind, std::size_t n,
                                    duration limit) const {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, limit,
                           [&] { return of(kind).waiting.size() >= n; });
}

std::vector<scripted_record> scripted_server::calls() const {
  std::lock_guard guard{mutex_};
  return calls_;
}

std::size_t scripted_server::count(backend_call kind) const {
  std::lock_guard guard{mutex_};
  return of(kind).calls;
}

bool scripted_server::wait_for_calls(backend_call kind, std::size_t n,
                                     duration limit) const {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, limit, [&] { return of(kind).calls >= n; });
}

std::size_t scripted_server::connections() const {
  std::lock_guard guard{mutex_};
  return connections_;
}

std::size_t scripted_server::most_connections() const {
  std::lock_guard guard{mutex_};
  return most_connections_;
}

std::string scripted_server::verdict() const {
  std::lock_guard guard{mutex_};
  std::string str;
  for (auto& failure : failures_)
    str += failure + '\n';
  if (script_)
    for (auto i = position_; i < script_->size(); ++i)
      str += "never came: " + text_of((*script_)[i]) + '\n';
  return str;
}

void scripted_server::max_connections(std::uint32_t n) {
  std::lock_guard guard{mutex_};
  max_connections_ = n;
}

std::uint32_t scripted_server::max_connections() const {
  std::lock_guard guard{mutex_};
  return max_connections_;
}

} // namespace caf_pool
