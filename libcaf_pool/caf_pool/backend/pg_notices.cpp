#include "caf_pool/backend/pg_notices.hpp"

#include "caf_pool/backend/pg_compat.hpp"
#include "caf_pool/backend/pg_sqlstate.hpp"

#include <iterator>
#include <new>
#include <utility>

namespace caf_pool {

pg_notices::pg_notices(PGconn* raw) {
  // libpq's own processor writes to stderr.
  PQsetNoticeProcessor(raw, detail::pg_ignore_notice, nullptr);
  attach(raw);
}

void pg_notices::attach(PGconn* raw) {
  auto previous = PQsetNoticeReceiver(raw, receive, this);
  if (next_ == nullptr)
    next_ = previous;
}

std::vector<pg_notice> pg_notices::take() {
  std::vector<pg_notice> result{std::make_move_iterator(kept_.begin()),
                                std::make_move_iterator(kept_.end())};
  kept_.clear();
  return result;
}

void pg_notices::receive(void* self, const PGresult* what) {
  auto& x = *static_cast<pg_notices*>(self);
  try {
    x.keep(what);
  } catch (const std::bad_alloc&) {
    // A notice less; libpq is no place for exceptions.
  }
  if (x.next_ != nullptr)
    x.next_(nullptr, what);
}

void pg_notices::keep(const PGresult* what) {
  pg_notice notice{pg_field(what, PG_DIAG_SEVERITY_NONLOCALIZED),
                   pg_field(what, PG_DIAG_SQLSTATE),
                   pg_field(what, PG_DIAG_MESSAGE_PRIMARY)};
  // A crash of another session comes as a mere warning, 57P02.
  if (!pg_survives(notice.severity, notice.sqlstate))
    last_words_ = notice;
  if (kept_.size() == capacity)
    kept_.pop_front();
  kept_.push_back(std::move(notice));
}

} // namespace caf_pool
