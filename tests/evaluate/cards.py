"""A report card with made-up numbers."""

from fledge.evaluate.changes import ChangesCard, LikelierSentence, Merits
from fledge.evaluate.charts import Chart, Curve
from fledge.evaluate.report import EverydayAnswer, PPOCard, ReportCard, RewardModelCard
from fledge.evaluate.sample_table import Sample, SampledAnswer

REWARD = RewardModelCard(
    accuracy=0.9,
    ceiling=0.95,
    pairs=1234,
    low=0.88,
    high=0.92,
    right_against_wrong=0.8,
    right_against_wrong_pairs=321,
)
PPO = PPOCard(
    gold_before=0.75,
    gold_after=0.93,
    p_value=0.0001,
    low=0.1,
    high=0.2,
    win_rate=0.8,
    kl=4.2,
    kl_k1=4.0,
    kl_k3=5.0,
    eos_rate=0.99,
    gold_best_of_4=0.9,
)
MERITS = Merits(right=0.9, complete=0.8, polite=0.1, short=0.95, ends=0.99)
CHANGES = ChangesCard(
    merits={"sft": MERITS, "ppo": MERITS.model_copy(update={"polite": 0.4})},
    constant="Gladly.",
    constant_share=0.1,
    distinct={"sft": 0.9, "ppo": 0.88},
    likelier=[LikelierSentence(sentence="Of <course>!", before=0.1, after=0.25)],
)
TURNS = {
    model: {"all": [0.95, 0.9], "order": [1.0, 0.9], "hangman": [0.95, 0.9]}
    for model in ("sft", "ppo")
}
EVERYDAY = [
    EverydayAnswer(
        question=f"<i>{number}</i>?",
        answers={"sft": "Yes & no.", "ppo": "I don't know."},
        sensible={"sft": number > 0, "ppo": True},
        taught=number == 1,
    )
    for number in range(3)
]
VALID = {
    "base": {"all": 0.0, "order": 0.0, "word_chain": 0.0},
    "sft": {"all": 0.9, "order": 1.0, "word_chain": 0.8},
    "ppo": {"all": 0.9, "order": 1.0, "word_chain": 0.8},
}


def answer(text: str, valid: bool) -> SampledAnswer:
    return SampledAnswer(text=text, valid=valid, gold=0.5, ended=valid)


def card() -> ReportCard:
    return ReportCard(
        fledge_version="0.1.0",
        seed=4,
        setting={"model": "tiny"},
        seconds={"pretrain": 30.0, "sft": 60.0, "total": 90.0},
        peak_memory_bytes=2**30,
        bits_per_byte=1.25,
        kinds={"order": "orders", "word_chain": "chains"},
        valid=VALID,
        prompts_per_kind={"all": 20, "order": 10, "word_chain": 10},
        turns=TURNS,
        talks_per_kind=10,
        everyday=EVERYDAY,
        reward_model=REWARD,
        ppo=PPO,
        changes=CHANGES,
        samples=[
            Sample(
                kind="order",
                system="You are a shop.",
                prompt="Where is <b>order</b> 1?",
                answers={
                    "base": answer("<script>alert(1)</script>", False),
                    "sft": answer("Order 1 & more.", True),
                    "ppo": answer("Order 1.", True),
                },
            )
        ],
        charts=[
            Chart(
                title="SFT",
                unit="nats",
                curves=[Curve(name="loss", steps=[1, 2, 3], values=[3.0, 2.0, 1.5])],
            )
        ],
        did_not_work=["Sums are <hard>."],
    )
