#include "front/front_world.hpp"

namespace caf_pool::test {

namespace {

/// One caller: what `slot_lender::try_take` and `give_back` do, one access to
/// shared memory at a time.
class caller_model {
public:
  caller_model(world& w, std::size_t number, const scenario& what,
               fault deliberate)
    : w_(w),
      self_(w.callers[number]),
      number_(static_cast<std::uint8_t>(number)),
      what_(what),
      fault_(deliberate) {
    // nop
  }

  const char* step() {
    switch (self_.next) {
      case caller_step::look_at_gate:
        return look_at_gate();
      case caller_step::look_at_word:
        return look_at_word();
      case caller_step::take:
        return take();
      case caller_step::ask:
        return ask();
      case caller_step::use:
        return use();
      case caller_step::look_before_release:
        return look_before_release();
      case caller_step::release:
        return release();
      case caller_step::look_again:
        return look_again();
      case caller_step::pull_back:
        return pull_back();
      case caller_step::find_sink:
        return find_sink();
      case caller_step::tell:
        return tell();
      case caller_step::drop_orphan:
        return drop_orphan();
      case caller_step::wait:
      case caller_step::done:
        return nullptr;
    }
    return nullptr;
  }

private:
  const char* go(caller_step next, const char* name) {
    self_.next = next;
    return name;
  }

  small_word& word() {
    return w_.words[self_.slot];
  }

  caller_step next_slot() {
    if (++self_.slot < what_.slots)
      return caller_step::look_at_word;
    self_.slot = 0;
    return caller_step::ask;
  }

  /// The caller has let go for the first or second time.
  caller_step after_release() {
    if (what_.release_twice && self_.again == 0) {
      self_.again = 1;
      self_.word = slot_word{slot_state::taken, self_.generation};
      return caller_step::look_before_release;
    }
    self_ = {.rounds = static_cast<std::uint8_t>(self_.rounds - 1)};
    return self_.rounds > 0 ? caller_step::look_at_gate : caller_step::done;
  }

  const char* look_at_gate() {
    return go(w_.look() == front_gate::open ? caller_step::look_at_word
                                            : caller_step::ask,
              "looks at the gate");
  }

  const char* look_at_word() {
    self_.word = word();
    return go(slot_rules::take(word()) ? caller_step::take : next_slot(),
              "looks at a slot");
  }

  const char* take() {
    if (word() != self_.word && fault_ != fault::blind_take)
      return go(next_slot(), "fails to take");
    slot_word next = *slot_rules::take(self_.word);
    if (fault_ == fault::same_generation)
      next = slot_word{slot_state::taken, next.generation() - 1};
    word() = next;
    self_.generation = static_cast<std::uint8_t>(next.generation());
    return go(caller_step::use, "takes");
  }

  const char* ask() {
    if (w_.look() == front_gate::closed)
      return go(caller_step::done, "learns that the pool is closed");
    w_.actor.inbox.push(number_);
    return go(caller_step::wait, "asks the actor");
  }

  const char* use() {
    self_.word = slot_word{slot_state::taken, self_.generation};
    return go(caller_step::look_before_release, "has used the connection");
  }

  const char* look_before_release() {
    self_.gate = w_.gate;
    return go(caller_step::release, "looks at the gate, to give back");
  }

  const char* release() {
    if (fault_ == fault::blind_release) {
      word() = slot_word{slot_state::offered, self_.generation};
      return go(caller_step::look_again, "offers without a look");
    }
    auto was = self_.word;
    auto next = slot_rules::release(was, self_.generation, condition::clean,
                                    static_cast<front_gate>(self_.gate));
    if (!next)
      return go(after_release(), "finds its holding over");
    if (word() != was) {
      self_.word = word();
      return go(caller_step::look_before_release, "finds another word");
    }
    word() = *next;
    if (next->state() == slot_state::offered)
      return go(fault_ == fault::no_second_look ? after_release()
                                                : caller_step::look_again,
                "offers");
    if (next->state() == slot_state::returned)
      return go(told(), "returns");
    return go(slot_word{was}.has(slot_word::orphan) ? caller_step::drop_orphan
                                                    : after_release(),
              "lets go of a closed pool's connection");
  }

  const char* look_again() {
    return go(w_.look() == front_gate::shut ? caller_step::pull_back
                                            : after_release(),
              "looks at the gate again");
  }

  const char* pull_back() {
    auto next = slot_rules::pull_back(word(), self_.generation);
    if (!next)
      return go(after_release(), "cannot pull back any more");
    word() = *next;
    return go(told(), "pulls back");
  }

  caller_step told() {
    return fault_ == fault::no_notice ? after_release()
                                      : caller_step::find_sink;
  }

  const char* find_sink() {
    self_.sink = w_.sink;
    return go(caller_step::tell, "looks for the sink");
  }

  const char* drop_orphan() {
    if (--w_.users == 0)
      ++w_.dropped;
    return go(after_release(), "drops the keep-alive");
  }

  const char* tell() {
    auto heard
      = self_.sink == w_.actor.life && w_.actor.next != actor_step::ended;
    if (heard)
      w_.actor.inbox.push(released_bit | self_.slot);
    return go(after_release(), heard ? "tells the actor" : "tells nobody");
  }

  world& w_;
  caller_state& self_;
  std::uint8_t number_;
  const scenario& what_;
  fault fault_;
};

} // namespace

const char* step(world& w, std::size_t caller, const scenario& what,
                 fault deliberate) {
  return caller_model{w, caller, what, deliberate}.step();
}

} // namespace caf_pool::test
