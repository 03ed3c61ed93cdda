#include "front/front_world.hpp"

namespace caf_pool::test {

namespace {

/// The pool's actor, as far as it touches the front.
class actor_model {
public:
  actor_model(world& w, const scenario& what, fault deliberate)
    : w_(w), self_(w.actor), what_(what), fault_(deliberate) {
    // nop
  }

  const char* step(int choice) {
    if (self_.next == actor_step::next_message)
      return next_message(choice);
    if (self_.next == actor_step::serve)
      return serve(choice);
    return choice == 0 ? only_step() : nullptr;
  }

private:
  const char* only_step() {
    switch (self_.next) {
      case actor_step::collect:
        return collect(actor_step::serve);
      case actor_step::shut:
        return shut();
      case actor_step::withdraw:
        return withdraw();
      case actor_step::take_over:
        w_.sink = self_.life;
        return go(fault_ == fault::scan_before_sink ? actor_step::serve
                                                    : actor_step::scan,
                  "takes the sink over");
      case actor_step::scan:
        return scan();
      case actor_step::count:
        return count();
      case actor_step::mark:
        return mark();
      case actor_step::drop:
        return drop();
      case actor_step::next_message:
      case actor_step::serve:
      case actor_step::ended:
        return nullptr;
    }
    return nullptr;
  }

  const char* go(actor_step next, const char* name) {
    self_.next = next;
    return name;
  }

  static std::uint8_t bit(std::uint8_t slot) {
    return static_cast<std::uint8_t>(1u << slot);
  }

  // -- between two messages ---------------------------------------------------

  const char* next_message(int choice) {
    switch (choice) {
      case 0:
        return self_.inbox.size > 0 ? read(self_.inbox.pop()) : "";
      case 1:
        return self_.recalls > 0 ? recall() : "";
      case 2:
        self_.idle |= self_.busy;
        return self_.busy != 0 ? finish_probe() : "";
      case 3:
        return self_.revokes > 0 ? revoke() : "";
      case 4:
        return self_.restarts > 0 ? restart() : "";
      case 5:
        return self_.closes > 0 ? close() : "";
      default:
        return nullptr;
    }
  }

  const char* read(std::uint8_t message) {
    if ((message & released_bit) != 0) {
      self_.slot = message & 0x0f;
      return go(actor_step::collect, "reads of a release");
    }
    self_.waiting.push(message);
    return go(actor_step::serve, "reads of a caller");
  }

  const char* recall() {
    --self_.recalls;
    slot_word was = w_.words[0];
    auto next = slot_rules::recall(was);
    if (!next)
      return "recalls nothing";
    w_.words[0] = *next;
    if (was.state() != slot_state::offered)
      return "recalls a taken slot";
    self_.busy |= bit(0);
    return "recalls an offered slot";
  }

  const char* finish_probe() {
    self_.busy = 0;
    return go(actor_step::serve, "ends a probe");
  }

  const char* revoke() {
    slot_word was = w_.words[0];
    auto next = slot_rules::revoke(was, was.generation());
    if (!next)
      return "";
    --self_.revokes;
    w_.words[0] = *next;
    return "revokes";
  }

  /// Everybody who waits or has asked gets an error.
  void fail_callers() {
    self_.inbox = {};
    self_.waiting = {};
    for (auto& x : w_.callers)
      if (x.next == caller_step::wait)
        x = {.next = caller_step::done};
  }

  const char* restart() {
    --self_.restarts;
    ++self_.life;
    fail_callers();
    self_.shut = w_.look() == front_gate::shut;
    self_.slot = 0;
    return go(fault_ == fault::scan_before_sink ? actor_step::scan
                                                : actor_step::take_over,
              "dies, and a successor starts");
  }

  const char* close() {
    --self_.closes;
    w_.set(front_gate::closed);
    w_.users = 1;
    fail_callers();
    self_.slot = 0;
    return go(first_close_step(), "closes the gate");
  }

  // -- serving ----------------------------------------------------------------

  const char* serve(int choice) {
    if (self_.waiting.size == 0)
      return give_out(choice);
    if (self_.idle != 0)
      return grant(choice);
    if (choice > 0)
      return nullptr;
    self_.slot = 0;
    if (self_.shut != 0)
      return go(actor_step::next_message, "lets callers wait");
    return go(fault_ == fault::withdraw_before_shut ? actor_step::withdraw
                                                    : actor_step::shut,
              "has nothing for a caller");
  }

  /// Nobody waits. The front may open before or after the offers.
  const char* give_out(int choice) {
    if (choice == 0 && self_.shut != 0) {
      self_.shut = 0;
      w_.set(front_gate::open);
      return "opens the front";
    }
    if (choice == 1 && self_.idle != 0) {
      auto slot = pick();
      w_.words[slot] = *slot_rules::offer(w_.words[slot]);
      return "offers";
    }
    if (choice == 0 && self_.idle == 0)
      return go(actor_step::next_message, "has served");
    return choice < 2 ? "" : nullptr;
  }

  /// Serves the head of the queue. The release may have to come here or not.
  const char* grant(int choice) {
    if (choice > 1)
      return nullptr;
    auto slot = pick();
    auto next = slot_word{w_.words[slot]}.take();
    if (fault_ == fault::same_generation)
      next = slot_word{slot_state::taken, next.generation() - 1};
    if (choice == 1)
      next = next.with(slot_word::recall);
    w_.words[slot] = next;
    auto& lucky = w_.callers[self_.waiting.pop()];
    lucky.next = caller_step::use;
    lucky.slot = slot;
    lucky.generation = static_cast<std::uint8_t>(next.generation());
    return choice == 1 ? "grants until recalled" : "grants";
  }

  std::uint8_t pick() {
    auto slot = static_cast<std::uint8_t>((self_.idle & bit(0)) != 0 ? 0 : 1);
    self_.idle &= static_cast<std::uint8_t>(~bit(slot));
    return slot;
  }

  const char* shut() {
    self_.shut = 1;
    w_.set(front_gate::shut);
    auto look
      = fault_ != fault::no_withdraw && fault_ != fault::withdraw_before_shut;
    return go(look ? actor_step::withdraw : actor_step::next_message,
              "shuts the front");
  }

  const char* withdraw() {
    auto slot = self_.slot++;
    if (auto next = slot_rules::withdraw(w_.words[slot])) {
      w_.words[slot] = *next;
      self_.idle |= bit(slot);
      return go(actor_step::serve, "withdraws");
    }
    if (self_.slot < what_.slots)
      return "finds nothing in a slot";
    return go(fault_ == fault::withdraw_before_shut ? actor_step::shut
                                                    : actor_step::next_message,
              "finds nothing in the last slot");
  }

  const char* collect(actor_step then) {
    auto next = slot_rules::collect(w_.words[self_.slot]);
    if (!next)
      return go(then, "finds nothing to collect");
    w_.words[self_.slot] = *next;
    self_.idle |= bit(self_.slot);
    return go(then, "collects");
  }

  const char* scan() {
    auto result = collect(actor_step::scan);
    if (++self_.slot == what_.slots)
      self_.next = fault_ == fault::scan_before_sink ? actor_step::take_over
                                                     : actor_step::serve;
    return result;
  }

  // -- closing ----------------------------------------------------------------

  actor_step first_close_step() const {
    return fault_ == fault::mark_before_count ? actor_step::mark
                                              : actor_step::count;
  }

  const char* next_slot(const char* name) {
    auto last = ++self_.slot == what_.slots;
    return go(last ? actor_step::drop : first_close_step(), name);
  }

  const char* count() {
    ++w_.users;
    if (fault_ == fault::mark_before_count)
      return next_slot("counts a holder");
    return go(actor_step::mark, "counts a holder in advance");
  }

  const char* mark() {
    slot_word was = w_.words[self_.slot];
    auto next = slot_rules::close(was);
    if (fault_ == fault::forget_fenced && was.state() == slot_state::revoked)
      next = {};
    if (next)
      w_.words[self_.slot] = *next;
    auto held = next && was.state() != slot_state::offered;
    if (fault_ == fault::mark_before_count) {
      if (held)
        return go(actor_step::count, "marks a holder");
      return next_slot("finds no holder");
    }
    return held ? next_slot("marks a holder")
                : go(actor_step::drop, "finds no holder");
  }

  /// Corrects the count, or gives up the actor's own part in the end.
  const char* drop() {
    if (--w_.users == 0)
      ++w_.dropped;
    if (self_.slot < what_.slots)
      return next_slot("takes the count back");
    return go(actor_step::ended, "drops the keep-alive");
  }

  world& w_;
  actor_state& self_;
  const scenario& what_;
  fault fault_;
};

} // namespace

const char* step_actor(world& w, int choice, const scenario& what,
                       fault deliberate) {
  return actor_model{w, what, deliberate}.step(choice);
}

} // namespace caf_pool::test
