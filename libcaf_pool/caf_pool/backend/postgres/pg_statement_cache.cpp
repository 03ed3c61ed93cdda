#include "caf_pool/backend/postgres/pg_statement_cache.hpp"

#include <algorithm>
#include <utility>

namespace caf_pool {

pg_statement_cache::entry& pg_statement_cache::use(std::string_view text) {
  if (auto* known = entries_.find(text)) {
    ++known->uses;
    return *known;
  }
  entry fresh;
  fresh.text = text;
  fresh.traits = pg_traits_of(text);
  fresh.uses = 1;
  fresh.kept = entries_.capacity() > 0 && text.size() <= max_text;
  if (!fresh.kept) {
    passing_ = std::move(fresh);
    return passing_;
  }
  if (auto gone = entries_.insert(std::move(fresh)))
    forget(*gone);
  return *entries_.find(text);
}

void pg_statement_cache::forget(entry& x) {
  if (!x.name.empty())
    garbage_.push_back(std::exchange(x.name, {}));
  x.adopted = false;
}

void pg_statement_cache::forget_all() {
  entries_.for_each([](entry& x) { x.name.clear(); });
  garbage_.clear();
}

void pg_statement_cache::doubt_all() {
  entries_.for_each([this](entry& x) { forget(x); });
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

} // namespace caf_pool
