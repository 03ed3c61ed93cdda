#include "caf_pool/backend/postgres/pg_statement_cache.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

pg_statement_cache::entry& pg_statement_cache::use(std::string_view text) {
  // The same again, as often as not.
  if (!entries_.empty() && entries_.front().text == text) {
    ++entries_.front().uses;
    return entries_.front();
  }
  if (auto i = index_.find(text); i != index_.end()) {
    entries_.splice(entries_.begin(), entries_, i->second);
    ++entries_.front().uses;
    return entries_.front();
  }
  entry fresh;
  fresh.text = text;
  fresh.traits = pg_traits_of(text);
  fresh.uses = 1;
  fresh.kept = true;
  if (capacity_ == 0 || text.size() > max_text) {
    fresh.kept = false;
    passing_ = std::move(fresh);
    return passing_;
  }
  if (entries_.size() == capacity_)
    evict();
  entries_.push_front(std::move(fresh));
  index_.emplace(entries_.front().text, entries_.begin());
  return entries_.front();
}

void pg_statement_cache::forget(entry& x) {
  if (!x.name.empty())
    garbage_.push_back(std::exchange(x.name, {}));
  x.adopted = false;
}

void pg_statement_cache::forget_all() {
  for (auto& x : entries_)
    x.name.clear();
  garbage_.clear();
}

void pg_statement_cache::doubt_all() {
  for (auto& x : entries_)
    forget(x);
}

bool pg_statement_cache::is_garbage(std::string_view name) const {
  return std::find(garbage_.begin(), garbage_.end(), name) != garbage_.end();
}

std::vector<std::string> pg_statement_cache::take_garbage(
  std::string_view name) {
  if (garbage_.size() < collect_at && !is_garbage(name))
    return {};
  std::vector<std::string> result;
  for (auto& x : garbage_)
    result.push_back("DEALLOCATE " + x + ';');
  garbage_.clear();
  return result;
}

void pg_statement_cache::evict() {
  auto& last = entries_.back();
  forget(last);
  index_.erase(last.text);
  entries_.pop_back();
}

} // namespace caf_pool
