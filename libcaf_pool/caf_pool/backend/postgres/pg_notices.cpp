#include "caf_pool/backend/postgres/pg_notices.hpp"

#include "caf_pool/backend/postgres/pg_compat.hpp"
#include "caf_pool/backend/postgres/pg_sqlstate.hpp"

#include <iterator>
#include <new>
#include <utility>

namespace caf_pool {

namespace {

// At most `max_text` bytes, and no piece of a character.
void shorten(std::string& text) {
  if (text.size() <= pg_notices::max_text)
    return;
  auto end = pg_notices::max_text;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80)
    --end;
  text.resize(end);
  text += "...";
}

} // namespace

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
  ++count_;
  pg_notice notice{pg_field(what, PG_DIAG_SEVERITY_NONLOCALIZED),
                   pg_field(what, PG_DIAG_SQLSTATE),
                   pg_field(what, PG_DIAG_MESSAGE_PRIMARY)};
  shorten(notice.text);
  if (notice.severity == "WARNING"
      && warnings_.size() < sql_result::max_warnings)
    warnings_.push_back({notice.text, notice.sqlstate});
  // A crash of another session comes as a mere warning, 57P02.
  if (!pg_survives(notice.severity, notice.sqlstate))
    last_words_ = notice;
  if (kept_.size() == capacity)
    kept_.pop_front();
  kept_.push_back(std::move(notice));
}

} // namespace caf_pool
