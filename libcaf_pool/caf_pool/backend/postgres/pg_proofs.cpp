#include "caf_pool/backend/postgres/pg_proofs.hpp"

#include "caf_pool/backend/postgres/pg_channel.hpp"

#include <algorithm>

namespace caf_pool {

namespace {

// The server puts a node of its own above every plan that it could hand to a
// worker as a whole: that is its word that all of it is parallel safe. Whoever
// holds a table exclusively is not waited for.
std::string begin_question(int server_version) {
  std::string result = "BEGIN;";
  // Plans that look so dear would be compiled, which takes a tenth of a second.
  if (server_version >= 110000)
    result += "SET LOCAL jit = off;";
  result += "SET LOCAL lock_timeout = 100;"
            "SET LOCAL plan_cache_mode = force_generic_plan;"
            "SET LOCAL parallel_setup_cost = 1e9;"
            "SET LOCAL max_parallel_workers_per_gather = 1;"
            "SET LOCAL ";
  // PostgreSQL 16 renamed it, and does not know the old name.
  result += server_version >= 160000 ? "debug_parallel_query"
                                     : "force_parallel_mode";
  return result + " = on";
}

constexpr std::string_view name = "caf_pool_question";

// A semicolon at the end would end the subquery, too.
std::string_view without_end(std::string_view text) {
  auto last = text.find_last_not_of(" \t\r\n\f\v;");
  return text.substr(0, last == text.npos ? 0 : last + 1);
}

// In parentheses only a query is grammatical.
std::string as_subquery(std::string_view text) {
  std::string result = "SELECT * FROM (";
  result += without_end(text);
  return result + "\n) AS question";
}

// Binding a parameter runs the checks of its domain, before any plan. Fails if
// a parameter has a type of a user which may do so. Enumerations and types with
// an input function that is PARALLEL SAFE do not.
constexpr std::string_view question_of_types
  = "SELECT 1 / CASE pg_catalog.count(*) WHEN 0 THEN 1 ELSE 0 END "
    "FROM pg_catalog.pg_prepared_statement() AS q "
    "CROSS JOIN pg_catalog.unnest(q.parameter_types) AS p "
    "JOIN pg_catalog.pg_type AS t ON t.oid = p::pg_catalog.oid "
    "JOIN pg_catalog.pg_proc AS f ON f.oid = t.typinput "
    "WHERE q.name = 'caf_pool_question' AND t.oid >= 16384 AND NOT "
    "(t.typtype IN ('b', 'e') AND t.typelem = 0 AND f.proparallel = 's');";

std::string explain(int parameters) {
  std::string result;
  if (parameters > 0)
    result = question_of_types;
  result += "EXPLAIN (COSTS off) EXECUTE ";
  result += name;
  for (int i = 0; i < parameters; ++i)
    result += i == 0 ? "(NULL" : ",NULL";
  return result + (parameters > 0 ? ")" : "");
}

bool is_handed_over(const std::vector<std::string>& plan) {
  return plan.size() > 3 && plan[0] == "Gather"
         && plan[1] == "  Workers Planned: 1"
         && plan[2] == "  Single Copy: true";
}

} // namespace

std::optional<pg_proofs::proof> pg_proofs::find(const std::string& text,
                                                time_point now) {
  std::lock_guard guard{mtx_};
  auto i = known_.find(text);
  if (i == known_.end() || i->second.until <= now)
    return std::nullopt;
  auto& x = i->second;
  if (x.renewal <= now) {
    x.renewal = now + turn;
    return std::nullopt;
  }
  return proof{x.harmless, std::min(x.until, x.renewal)};
}

void pg_proofs::keep(const std::string& text, bool harmless, time_point now) {
  std::lock_guard guard{mtx_};
  if (known_.size() >= capacity)
    known_.clear();
  known_[text] = {harmless, now + lifetime, now + lifetime / 2};
}

void pg_proofs::forget() {
  std::lock_guard guard{mtx_};
  known_.clear();
  ++epoch_;
}

std::optional<bool> pg_is_harmless(pg_channel& channel, const pg_question& what,
                                   time_point deadline) {
  auto ended = [&](bool prepared) {
    std::string sql = "ROLLBACK;";
    if (prepared)
      sql += "DEALLOCATE " + std::string{name};
    return channel.run(sql.c_str(), deadline).ok();
  };
  auto begin = begin_question(PQserverVersion(channel.raw()));
  auto answer = channel.run(begin.c_str(), deadline);
  if (answer.wait != pg_wait::ready)
    return std::nullopt;
  if (!answer.ok())
    return ended(false) ? std::optional{false} : std::nullopt;
  // The protocol takes one statement here, however its text is read.
  answer = channel.prepare(std::string{name}.c_str(),
                           as_subquery(what.text).c_str(), deadline);
  if (answer.wait != pg_wait::ready)
    return std::nullopt;
  if (!answer.ok())
    return ended(false) ? std::optional{false} : std::nullopt;
  answer = channel.run(explain(what.parameters).c_str(), deadline);
  if (answer.wait != pg_wait::ready || !ended(true))
    return std::nullopt;
  return answer.ok() && is_handed_over(answer.rows);
}

} // namespace caf_pool
