#include "caf_pool/backend/redis_cluster/cluster_call.hpp"

#include "caf_pool/backend/redis_cluster/resend_pause.hpp"
#include "caf_pool/core/duration_text.hpp"
#include "caf_pool/core/one_of.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace caf_pool::cluster {

namespace {

using kind = redirect::kind;
using form = redis_commands::form;

/// A node that is not there may be back, or replaced, sooner than a cluster
/// that is down.
constexpr duration longest_absence = std::chrono::milliseconds{250};

/// Whoever loses connections so often is the reason for it.
constexpr std::uint32_t most_losses = 3;

/// Tells whether an error of a node's pool will not heal by itself.
bool is_lasting(const error& why) {
  return one_of(why.code, {errc::open_refused, errc::config_invalid,
                           errc::unauthorized, errc::internal});
}

/// Takes commands off the end of a batch.
batch cut_off(batch& from, std::size_t keep) {
  auto result = batch{{}, false, kind::cluster_down, {{}, from.work.as}, {}};
  auto& items = from.work.items;
  for (auto i = keep; i < items.size(); ++i) {
    result.work.items.push_back(std::move(items[i]));
    result.parts.push_back(from.parts[i]);
  }
  items.resize(keep);
  from.parts.resize(keep);
  return result;
}

} // namespace

cluster_call::cluster_call(cluster_route& route, stop_switch& stop,
                           time_point deadline)
  : route_(route),
    stop_(stop),
    deadline_(deadline),
    random_(seed_of(clock::now())) {
  // nop
}

result<redis_replies> cluster_call::run(redis_commands what) {
  auto as = what.as;
  auto options = route_.options;
  options.trusted = [this](const node_address& x) {
    return route_.who.confirms(x, deadline_);
  };
  auto parts = batch_splitter::make(std::move(what), std::move(options));
  if (!parts)
    return parts.error();
  parts_.emplace(*std::move(parts));
  for (auto& x : parts_->start(*route_.who.now().table, route_.next_turn()))
    open_.push_back({std::move(x)});
  while (!open_.empty()) {
    auto x = take_next();
    await(x);
    if (is_over())
      give_up(std::move(x));
    else
      send(take_due(std::move(x)));
  }
  return end(as);
}

result<redis_replies> cluster_call::end(form as) {
  auto all = std::move(*parts_).finish();
  if (as == form::transaction) {
    if (refused_)
      return refused_;
    all.partial = std::any_of(all.items.begin(), all.items.end(),
                              [](auto& x) { return !x; });
  } else if (all.items.size() == 1 && !all.items.front()) {
    return all.items.front().error();
  }
  return all;
}

// -- waiting ------------------------------------------------------------------

cluster_call::job cluster_call::take_next() {
  auto first = std::min_element(open_.begin(), open_.end(),
                                [](auto& x, auto& y) { return x.due < y.due; });
  auto result = std::move(*first);
  open_.erase(first);
  return result;
}

std::vector<cluster_call::job> cluster_call::take_due(job first) {
  std::vector<job> result;
  result.push_back(std::move(first));
  auto now = clock::now();
  auto later = std::stable_partition(open_.begin(), open_.end(),
                                     [now](auto& x) { return x.due <= now; });
  result.insert(result.end(), std::make_move_iterator(open_.begin()),
                std::make_move_iterator(later));
  open_.erase(open_.begin(), later);
  return result;
}

bool cluster_call::is_over() const {
  return stop_.aborted() || clock::now() >= deadline_;
}

/// Another table ends the wait for a node, but not for keys on their way.
void cluster_call::await(const job& x) {
  auto until = std::min(x.due, deadline_);
  if (until <= clock::now())
    return;
  auto version = x.version;
  auto aborted = [this] { return stop_.aborted(); };
  while (clock::now() < until && !stop_.aborted()) {
    auto is_new = route_.who.wait(version, until, aborted);
    if (is_new && x.what.why != kind::try_again)
      return;
    version = route_.who.now().version;
  }
}

void cluster_call::try_later(job x, kind why) {
  x.what.why = why;
  auto pause = resend_pause(why, x.attempts++, random_);
  if (x.last)
    pause = std::min(pause, longest_absence);
  x.due = add_saturated(clock::now(), pause);
  open_.push_back(std::move(x));
}

error cluster_call::late(const job& x) const {
  if (stop_.aborted())
    return {errc::cancelled, "the call was called off; nothing was sent", {}};
  if (x.last) {
    auto why = x.last;
    why.message += "; nothing was sent within the time of the call";
    return why;
  }
  if (x.what.why == kind::unserved)
    return {errc::server_unready,
            "no node serves the slot of the keys, as far as is known; nothing "
            "took effect",
            "CLUSTERDOWN"};
  return {
    errc::execute_timeout, "there was no time left; nothing was sent", {}};
}

void cluster_call::give_up(job x) {
  auto why = late(x);
  if (!refused_)
    refused_ = why;
  follow(parts_->abandon(std::move(x.what), why), {});
}

// -- sending ------------------------------------------------------------------

void cluster_call::send(std::vector<job> wave) {
  std::vector<ready_job> ready;
  for (auto& x : wave) {
    auto now = route_.who.now();
    auto batches
      = parts_->route(std::move(x.what), *now.table, route_.next_turn());
    for (auto& y : batches)
      prepare({std::move(y), x.attempts, x.losses, {}, now.version, x.last},
              ready);
  }
  std::vector<shipment> all;
  std::deque<stop_switch::scope> scopes;
  for (auto& x : ready) {
    all.push_back({&*x.node, &x.what.what});
    scopes.emplace_back(stop_, *x.node);
  }
  exchange_all(all, deadline_);
  scopes.clear();
  for (std::size_t i = 0; i < ready.size(); ++i)
    settle(std::move(ready[i].what), std::move(all[i].answer),
           ready[i].node->state() == trace::broken);
}

/// Takes a connection to the node; there is one for each call under way.
void cluster_call::prepare(job x, std::vector<ready_job>& ready) {
  if (!x.what.target) {
    route_.who.want_urgently();
    try_later(std::move(x), kind::unserved);
    return;
  }
  auto node = route_.nodes.acquire(*x.what.target, deadline_);
  if (node) {
    ready.push_back({std::move(x), *std::move(node)});
    return;
  }
  x.last = node.error();
  if (is_lasting(x.last)) {
    refused_ = x.last;
    follow(parts_->abandon(std::move(x.what), x.last), {});
    return;
  }
  route_.who.want_urgently();
  x.what.target.reset();
  x.what.asking = false;
  try_later(std::move(x), kind::cluster_down);
}

void cluster_call::settle(job x, node_answer answer, bool broken) {
  refused_ = std::move(answer.refused);
  if (broken && !stop_.aborted()) {
    route_.who.want_urgently();
    if (try_lost_again(x, answer.replies))
      return;
  }
  take_answer(std::move(x), std::move(answer.replies));
}

void cluster_call::take_answer(job x, replies got) {
  auto table = route_.who.now().table;
  auto from = x.what.target;
  auto next = parts_->answered(std::move(x.what), std::move(got), *table);
  if (next.leads_back)
    route_.nodes.forget(*from);
  for (auto& y : next.moved)
    route_.who.learn(y);
  if (next.refresh)
    route_.who.want(from);
  x.what = {};
  follow(std::move(next), x);
}

/// Takes those from the end that got no reply, if all of them may be sent
/// again. What was answered before is not touched by that: their order stays.
bool cluster_call::try_lost_again(job& x, replies& got) {
  auto is_lost = [](const result<redis_value>& y) {
    return !y && y.error().code == errc::connection_lost;
  };
  auto first = std::find_if(got.begin(), got.end(), is_lost);
  auto keep = static_cast<std::size_t>(first - got.begin());
  auto from = *x.what.target;
  auto redirected = std::any_of(got.begin(), first, [&](auto& y) {
    return static_cast<bool>(read_redirect(y, from));
  });
  if (first == got.end() || redirected
      || !std::all_of(first, got.end(), is_lost) || x.losses >= most_losses)
    return false;
  auto lost = job{};
  lost.last = first->error();
  lost.losses = x.losses + 1;
  lost.attempts = x.attempts;
  lost.version = x.version;
  lost.what = cut_off(x.what, keep);
  got.erase(first, got.end());
  if (keep > 0) {
    take_answer(std::move(x), std::move(got));
  }
  try_later(std::move(lost), kind::cluster_down);
  return true;
}

void cluster_call::follow(batch_splitter::step next, const job& of) {
  for (auto& x : next.batches) {
    auto why = x.why;
    auto again = job{std::move(x), of.attempts, of.losses, {}, of.version, {}};
    if (one_of(why, {kind::try_again, kind::unserved, kind::cluster_down})) {
      if (why != kind::try_again)
        route_.who.want_urgently();
      again.version = route_.who.now().version;
      try_later(std::move(again), why);
    } else {
      again.attempts = 0;
      open_.push_back(std::move(again));
    }
  }
}

} // namespace caf_pool::cluster
