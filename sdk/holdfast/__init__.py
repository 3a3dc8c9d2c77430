"""Everything that both sides of Holdfast share: packages, profiles, statistics, names and settings.

Which module for what (extras of the distribution in brackets):

- ``package``: ``ModelPackage.read/write``; ``manifest``: ``Manifest``; ``folder``: ``Folder``;
  ``failures``: ``ModelError`` (with a ``results.ModelFailureReason`` and an exit code).
- ``onnx`` [onnx]: ``Session.open(...)``, ``.signature``, ``.run``; ``bfloat16``: BF16 tensors;
  ``onnx_file``: ``check_onnx_file``;
  ``signature``: ``Signature``, ``compare_signatures``, ``typical_inputs``, ``DTYPES``.
- ``profile``: ``Profile.parse/.hash/.columns``; ``binning``: ``profile_of``, ``count_bins``;
  ``row_counter``: ``RowCounter``, ``count_rows``;
  ``drift`` [drift]: ``g_statistic``, ``p_value``, ``psi_debiased``, ``noise_floor``, ``assess_column``,
  ``share_p_value``; ``drift_detector`` [drift]: ``DriftDetector(profile, DriftSettings(...)).add/.look``.
- ``rows``: ``read_rows`` (reference and holdout files); ``evaluation_metrics``: names and directions;
  ``evaluation`` [evaluation]: ``evaluate``.
- ``store`` [store]: ``fetch_package``, ``publish_package``, ``read_object``, ``list_objects``.
- ``training``: ``Training.from_env()``, ``.finish(...)``; ``client`` [client]: ``Client(url).infer(...)``.
- ``labels``, ``metrics``, ``results``, ``settings``: names and messages between operator and containers.
"""
