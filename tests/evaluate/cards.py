"""A report card with made-up numbers."""

from fledge.evaluate.charts import Chart, Curve
from fledge.evaluate.report import PPOCard, ReportCard, RewardModelCard
from fledge.evaluate.sample_table import Sample, SampledAnswer

REWARD = RewardModelCard(accuracy=0.9, ceiling=0.95, pairs=1234, low=0.88, high=0.92)
PPO = PPOCard(
    gold_before=0.75,
    gold_after=0.93,
    p_value=0.0001,
    low=0.1,
    high=0.2,
    win_rate=0.8,
    kl=4.2,
    eos_rate=0.99,
    gold_best_of_4=0.9,
)
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
        reward_model=REWARD,
        ppo=PPO,
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
