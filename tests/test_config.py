"""Configuration: every option builds, every leaf is read, every mistake ends in one line."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from barograph import cli, config
from barograph.errors import InputError
from barograph.market import MarketData
from barograph.stages import stage as stage_module
from tests.dependencies import STAGES

ROOT = Path(__file__).parents[1]
NO_SECTIONS = {"experiment", "hydra", "sweep"}
GROUPS = sorted(path for path in config.CONF.iterdir() if path.is_dir() and path.name not in NO_SECTIONS)
OPTIONS = [(group.name, option.stem) for group in GROUPS for option in sorted(group.glob("*.yaml"))]
REQUIRED = {("market", "files"): ["market.root=somewhere"]}


def test_the_default_configuration_is_valid():
    config.validate(config.compose())


@pytest.mark.parametrize(("group", "option"), OPTIONS)
def test_every_option_of_every_group_builds(group, option):
    if group in {"model", "executor"}:
        config.build(config.compose([f"{group}={option}"], config_name="train")[group], group)
    elif group == "strategy":
        tried = config.compose([f"+strategy@strategies.tried={option}"])["strategies"]["tried"]
        assert hasattr(config.build(tried, "strategies.tried"), "weights")
    elif group == "overlay":
        config.validate(config.compose([f"+overlay@risk.tried={option}"]))
    else:
        config.validate(config.compose([f"{group}={option}", *REQUIRED.get((group, option), [])]))


@pytest.mark.parametrize("experiment", sorted(path.stem for path in (config.CONF / "experiment").glob("*.yaml")))
def test_every_experiment_is_valid(experiment):
    config.validate(config.compose([f"experiment={experiment}"]))


@pytest.mark.parametrize("space", sorted(path.stem for path in (config.CONF / "sweep").glob("*.yaml")))
def test_every_search_space_belongs_to_a_model_that_takes_it(space):
    model = config.compose([f"model={space}"], config_name="train")["model"]
    assert model["sweep"] == yaml.safe_load((config.CONF / f"sweep/{space}.yaml").read_text())
    assert not set(model["sweep"]) & set(model["params"]), "a fixed parameter would never be searched"
    assert config.build(model, "model").sweep == model["sweep"]


def _declared_reads(module: str) -> set[str]:
    tree = ast.parse((ROOT / f"src/barograph/stages/{module}.py").read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "stage":
            upstream = [word.value for word in node.keywords if word.arg == "upstream"]
            given = [*node.args, *(argument for words in upstream for argument in words.elts)]
            return {argument.value for argument in given if isinstance(argument, ast.Constant)}
    raise AssertionError(f"{module} declares nothing")


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_declares_to_dvc_what_it_reads(name):
    stage = STAGES[name]
    module = stage["cmd"].split("barograph.stages.")[1].split()[0]
    params = {re.sub(r"^models\..*", "models", str(key)) for key in stage.get("params", [])}
    assert params == _declared_reads(module)


def test_every_section_falls_under_some_stage():
    params = {str(key).partition(".")[0] for stage in STAGES.values() for key in stage.get("params", [])}
    assert params | set(re.findall(r"\$\{(\w+)\}", (ROOT / "dvc.yaml").read_text())) >= config.section_names()
    assert params <= config.section_names()


def _constructor_fields() -> set[str]:
    fields = set()
    for path in (ROOT / "src/barograph").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                fields |= {item.target.id for item in node.body if isinstance(item, ast.AnnAssign)}
    return fields


def _read_names() -> set[str]:
    names = set()
    for path in (ROOT / "src/barograph").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                names.add(node.attr)
            if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant):
                names.add(node.slice.value)
    return names


def _leaves(settings, path=()):
    for key, value in settings.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*path, key))
        elif key != "_target_":
            yield (*path, key)


def test_every_leaf_is_a_field_that_the_code_reads():
    fields, read = _constructor_fields(), _read_names()
    for path in _leaves(config.compose()):
        named = [key for key in path if key in fields]
        if path in {("seed",), ("watch",), ("model_names",), ("strategy_code",), ("shortable",), ("risk",)}:
            continue
        assert named, f"{'.'.join(path)} belongs to no constructor"
        assert named[0] in read, f"{'.'.join(path)}: nothing reads {named[0]}"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ("models.lightgbm.params.num_leaves=1", r"models\.lightgbm.*num_leaves.*greater than or equal to 2, found 1$"),
        ("models.lightgbm.params.num_leaves=many", r"models\.lightgbm.*num_leaves.*valid integer, found 'many'"),
        ("+models.lightgbm.params.leaves=3", r"models\.lightgbm.*leaves"),
        ("models.lightgbm.sweep.reg_lambda.low=0", r"^models\.lightgbm\.sweep\.reg_lambda\.low: 0 given; .* positive$"),
        ("models.lightgbm.sweep.reg_lambda.low=a", r"^models\.lightgbm\.sweep\.reg_lambda\.low: .* number, found 'a'$"),
        ("models.lightgbm.sweep.reg_lambda.low=200", r"sweep\.reg_lambda\.low: 200 must be less than high, .* 100\.0$"),
        ("models.lightgbm.sweep.reg_lambda.start=200", r"sweep\.reg_lambda\.start: 200 lies outside 0\.1 to 100\.0$"),
        ("+models.lightgbm.sweep.reg_lambda.lo=1", r"sweep\.reg_lambda\.lo: no such setting; allowed are .*'low'"),
        ("~models.lightgbm.sweep.reg_lambda.start", r"models\.lightgbm\.sweep\.reg_lambda\.start: Field required$"),
        ("models.lightgbm.sweep.reg_lambda=1", r"models\.lightgbm\.sweep\.reg_lambda: .* found 1$"),
        ("models.lightgbm.sweep.colsample_bytree.high=2", r"sweep\.colsample_bytree\.high: .* equal to 1, found 2$"),
        ("models.lightgbm.sweep.min_child_samples.high=400.5", r"min_child_samples\.high: .* integer, found 400\.5$"),
        ("+models.lightgbm.sweep.leaves={low:1,high:9,start:3}", r"sweep\.leaves: no such parameter; .*'num_leaves'"),
        ("+models.lightgbm.sweep.max_depth={choices:[3,deep],start:3}", r"max_depth\.choices\.1: .*, found 'deep'$"),
        ("memory.rows=10", r"memory.*rows.*100, found 10"),
        ("+memory.size=10", r"memory.*size"),
        ("market=files", r"market\.root: \?\?\?"),
        ("seed=-1", r"seed: -1"),
        ("seed=a", r"seed: 'a'"),
        ("+sead=1", r"sead: no such section"),
        ("memory=all", r"memory/all"),
        ("memory.window.ears=3", r"ears"),
        ("archive.events.covid_crash_2020.weight=0.5", r"archive.*weights sum to 1\.35"),
        ("archive.events.covid_crash_2020.end='2020-01-01'", r"archive.*covid_crash_2020 ends on 2020-01-01"),
        ("memory=balanced memory.balance.targets.crash=0.2", r"memory\.balance.*sum to 1\.1"),
        (
            "archive.events.debt_ceiling_2011.start='2009-03-01'",
            r"^archive\.events: .* 2009-03-01, before .* ends on 2009-",
        ),
        ("archive.events.debt_ceiling_2011.start='20110701'", r"^archive\.events: .*: '20110701' is not an ISO date"),
        ("archive.events.debt_ceiling_2011.regime=panic", r"^archive\.events\.debt_ceiling_2011\.regime: .*'panic'$"),
        ("+archive.events.debt_ceiling_2011.colour=red", r"^archive\.events\.debt_ceiling_2011\.colour: no such "),
        ("~archive.events.debt_ceiling_2011.end", r"^archive\.events\.debt_ceiling_2011\.end: Field required$"),
        ("memory=balanced +memory.balance.targets.panic=0.0", r"^memory\.balance\.targets\.panic: .* or 'recovery'$"),
        ("memory=balanced ~memory.balance.targets.crash", r"^memory\.balance\.targets: targets lack \['crash'\]"),
        ("memory=weighted +memory.weights.regime.panic=1.0", r"^memory\.weights\.regime\.panic: .* or 'recovery'$"),
        ("memory=weighted ~memory.weights.regime.crash", r"^memory\.weights: regime lacks \['crash'\]"),
        ("memory=weighted memory.weights.regime.crash=inf", r"regime\.crash: .* a finite number, found inf$"),
        (" ".join(f"~models.{name}" for name in config.compose()["models"]), r"models: none is left"),
        ("models.lightgbm=null", r"models\.lightgbm: None describes nothing"),
        ("+models.other.depth=3", r"models\.other: .* needs a _target_"),
        ("+models.other._target_=builtins.dict", r"models\.other\._target_: builtins\.dict .* no method fit"),
        ("strategy._target_=barograph.folds.WalkForward ~strategy.k ~strategy.rebalance_days", r"strategy\._target_"),
        ("sizing=kelly sizing.fraction=2.0", r"^sizing\.fraction: .* equal to 1, found 2\.0$"),
        ("+overlay@risk.s=sector risk.s.most=-1.0", r"^risk\.s\.most: .* equal to 0, found -1\.0$"),
        ("+overlay@risk.n=net risk.n.low=0.9", r"^risk\.n: low 0\.9 is above high 0\.8$"),
        ("+risk.mine._target_=barograph.folds.WalkForward", r"^risk\.mine"),
        ("+overlay@risk.e=emergency_stop risk.e.released=[yesterday]", r"^risk\.e\.released\.0: "),
        ("+strategy@strategies.ensemble=momentum", r"^strategies\.ensemble: the name is taken by a predictor; choose"),
        ("+strategy@strategies.svm=momentum", r"^strategies\.svm: the name is taken by a predictor; choose another"),
        ("strategies.momentum.skip=252", r"^strategies\.momentum: skip is 252; it must be less than lookback, 252$"),
        ("strategies.vix_guard.strategy.k=0", r"^strategies\.vix_guard\.strategy\.k: .* equal to 1, found 0$"),
        ("strategies.regime_switch.regimes.crash=-1", r"^strategies\.regime_switch\.regimes\.crash: -1 is no exposure"),
        ("+strategies.mine._target_=barograph.folds.WalkForward", r"^strategies\.mine"),
        ("+strategy@strategies.s=stop_loss strategies.s.loss=20", r"^strategies\.s\.loss: .* less than 1, found 20$"),
        (
            "+strategy@strategies.g=grid +strategies.g.grid.x=[1]",
            r"^strategies\.g: grid\.x: no such parameter; allowed",
        ),
        ("strategy=momentum", r"^strategy\._target_: .*Momentum is not allowed here; it has no method target_"),
        ("+model@models.prior=lightgbm", r"models\.prior: the name is taken"),
        ("+model@models.signal_mine=lightgbm", r"models\.signal_mine: the name is that of a signal"),
        ("features.signals=nope.csv", r"^features\.signals: nope\.csv: no such file; allowed: "),
        ("market.calendar=ABCD", r"^market\.calendar: calendar 'ABCD' is unknown; allowed .* XNYS or 24/7$"),
        ("features.calendar=ABCD", r"^features\.calendar: calendar 'ABCD' is unknown; allowed "),
        ("market=files market.root=x market.calendar=''", r"^market\.calendar: calendar '' is unknown"),
        ("features.names=[nope]", r"^features\.names: 'nope' is unknown"),
        ("features.families=[nope]", r"^features\.families: 'nope' is unknown"),
        ("features.file=nope.py", r"^features: nope\.py: no such Python file"),
        ("features.signals=mine.txt", r"features\.signals: .*csv.*found 'mine.txt'"),
        ("memory=null", r"memory"),
        ("watch=5", r"watch: 5"),
        ("model_names=[svm]", r"^model_names: \['svm'\]; it lists the keys of models, \['logistic_regression'"),
        ("regime.high_vix=50.0", r"regime.*levels must ascend"),
        ("label._target_=barograph.labels.Nothing", r"label.*Nothing"),
    ],
)
def test_a_mistake_ends_in_one_line_that_names_the_key(overrides, message):
    with pytest.raises(InputError, match=message) as caught:
        config.validate(config.compose(overrides.split()))
    assert "\n" not in str(caught.value)


def test_a_slip_in_own_features_stops_params_and_features_alone(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(config.CONF / "features", "conf/features")
    Path("conf/features/own.py").write_text("x = 1\ndef broken(:\n")
    settings = config.compose()
    config.validate(settings)
    with pytest.raises(InputError, match=r"own\.py, line 2: SyntaxError"):
        config.build(settings["features"], "features").stream(MarketData(pd.DataFrame()))
    assert cli.main(["params"]) == 1
    assert "own.py, line 2: SyntaxError" in capsys.readouterr().err
    assert not Path("params.yaml").exists()


def test_validation_imports_nothing_heavy():
    heavy = "sklearn tensorflow keras numba scipy statsmodels skfolio plotly lightgbm xgboost optuna talib"
    code = (
        "import sys\nfrom pathlib import Path\nfrom barograph import config\n"
        "config.validate(config.load_params(Path('params.yaml')))\n"
        f"print(*[name for name in {[*heavy.split(), 'exchange_calendars']} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_params_as_dvc_writes_them_are_read_as_hydra_reads_them(tmp_path, monkeypatch):
    text = (ROOT / config.PARAMS).read_text()
    by_dvc = re.sub(r"(\d)\.0e", r"\1e", text).replace("'2008-09-01'", "2008-09-01")
    assert by_dvc.count(" 1e-05") > text.count(" 1e-05")
    in_a_folder_with_conf(tmp_path, monkeypatch)
    Path(config.PARAMS).write_text(by_dvc)
    loaded = config.load_params(Path(config.PARAMS))
    assert loaded == yaml.safe_load(text)
    assert loaded | {"model_key": None, "option": None} == config.compose(config_name="stage")


def in_a_folder_with_conf(folder, monkeypatch):
    (folder / config.CONF.name).symlink_to(config.CONF)
    monkeypatch.chdir(folder)


def test_params_writes_checks_and_notices_a_difference(tmp_path, monkeypatch, capsys):
    in_a_folder_with_conf(tmp_path, monkeypatch)
    assert cli.main(["params"]) == 0
    assert cli.main(["params", "--check"]) == 0
    text = (tmp_path / "params.yaml").read_text()
    (tmp_path / "params.yaml").write_text(text.replace("horizon: 14", "horizon: 15"))
    assert cli.main(["params", "--check"]) == 1
    assert "params.yaml: label.horizon is 15, conf/ gives 14" in capsys.readouterr().err
    reordered = yaml.safe_dump(yaml.safe_load(text), sort_keys=True, indent=4)
    (tmp_path / "params.yaml").write_text(reordered)
    assert cli.main(["params", "--check"]) == 0, "the check compares values, not bytes"


def test_params_writes_nothing_when_the_configuration_is_bad(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["params", "memory.rows=1"]) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_params_check_without_a_file(tmp_path, monkeypatch, capsys):
    in_a_folder_with_conf(tmp_path, monkeypatch)
    assert cli.main(["params", "--check"]) == 1
    assert "params.yaml: missing" in capsys.readouterr().err


def test_a_package_from_elsewhere_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match="not from src/barograph of this folder"):
        stage_module.refuse_foreign_package()


def test_nothing_machine_dependent_reaches_params():
    for path in config.CONF.rglob("*.yaml"):
        if "hydra" not in path.parts:
            text = path.read_text()
            assert not any(bad in text for bad in ("${now", "${oc.env", "${hydra", str(Path.home()))), path
