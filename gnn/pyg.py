"""PyTorch Geometric's classes that are used here, imported without its warnings about `torch.jit`."""

import warnings

with warnings.catch_warnings():  # it still calls torch.jit as it is imported: nothing that a user can mend
    warnings.filterwarnings("ignore", message="`torch.jit", category=FutureWarning)
    warnings.filterwarnings("ignore", message="`torch.jit", category=DeprecationWarning)
    from torch_geometric.data import HeteroData
    from torch_geometric.nn import HGTConv, MessagePassing, RGCNConv
    from torch_geometric.nn.kge import ComplEx, DistMult, KGEModel, RotatE, TransE

__all__ = ["ComplEx", "DistMult", "HGTConv", "HeteroData", "KGEModel", "MessagePassing", "RGCNConv", "RotatE", "TransE"]
